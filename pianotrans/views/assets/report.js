// The report: its elements, and what each does.

import { NoteList } from "./note_list.js";
import { clock, plural, sentence } from "./shared/format.js";
import { midiBytes } from "./shared/midi.js";
import { Performance } from "./shared/performance.js";
import { KEYBOARD_PX, Roll } from "./shared/roll.js";
import { Player, bytesOf } from "./sound.js";

const element = (id) => document.getElementById(id);
const data = JSON.parse(element("data").textContent);
const song = new Performance(data);
const recording = data.media_type && new Blob([bytesOf(element("recording").textContent)], { type: data.media_type });
element("recording").textContent = "";

const player = new Player(song, JSON.parse(element("samples").textContent), recording);
const roll = new Roll(element("roll"), song);
const list = new NoteList(element("rows"), element("page"), element("earlier"), element("later"), goTo);
let kept = song; // what the slider leaves

function goTo(timeS) {
  player.seek(timeS);
  roll.moveTo(player.nowS);
  showTime();
}

function showTime() {
  const nowS = player.nowS;
  element("position").value = nowS;
  element("position").setAttribute("aria-valuetext", `${clock(nowS)} of ${clock(player.endS)}`);
  element("clock").value = `${clock(nowS)} / ${clock(player.endS)}`;
}

function follow() {
  roll.moveTo(player.nowS);
  list.mark(player.nowS);
  showTime();
  if (player.isPlaying) requestAnimationFrame(follow);
}

async function playOrPause() {
  try {
    if (player.isPlaying) player.pause();
    else await player.play();
    element("trouble").textContent = "";
  } catch (error) {
    element("trouble").textContent = `This browser cannot play the sound (${error.message}).`;
  }
}

function filter() {
  const percent = Number(element("filter").value);
  kept = song.above(percent / 100);
  element("filter-value").value = `${percent} %`;
  element("kept").textContent = `${kept.notes.length} of ${plural(song.notes.length, "note")} shown`;
  roll.show(kept);
  player.setEvents(kept);
  list.show(kept.notes);
}

function download({ notes, pedals }, ending) {
  const content = midiBytes(notes, pedals, song.durationS);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: "audio/midi" }));
  link.download = `${data.title.replace(/\.[A-Za-z0-9]{1,5}$/, "")}${ending}.mid`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, select, button, a")) return;
  const far = event.shiftKey ? 10 : 1;
  const actions = {
    " ": playOrPause,
    ArrowLeft: () => goTo(player.nowS - far),
    ArrowRight: () => goTo(player.nowS + far),
    Home: () => goTo(song.startS),
    End: () => goTo(player.endS),
    "+": () => roll.zoom(0.7),
    "=": () => roll.zoom(0.7),
    "-": () => roll.zoom(1 / 0.7),
    0: () => roll.look(song.startS, roll.fullS),
  };
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

function onPress(down) {
  const canvas = element("roll");
  const fromS = roll.startS;
  let moved = false;
  const move = (event) => {
    moved ||= Math.abs(event.clientX - down.clientX) > 4;
    if (moved) roll.look(fromS - (event.clientX - down.clientX) / roll.pixelsPerS);
  };
  const end = () => {
    canvas.removeEventListener("pointermove", move);
    canvas.removeEventListener("pointercancel", end);
    if (!moved && down.offsetX > KEYBOARD_PX) goTo(roll.timeAt(down.offsetX));
  };
  canvas.setPointerCapture(down.pointerId);
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("pointerup", end, { once: true });
  canvas.addEventListener("pointercancel", end, { once: true });
}

function onWheel(event) {
  event.preventDefault();
  if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    roll.look(roll.startS + (event.deltaX || event.deltaY) / roll.pixelsPerS);
  } else {
    roll.zoom(Math.exp(event.deltaY / 500), roll.timeAt(event.offsetX));
  }
}

function facts() {
  const counts = [plural(song.notes.length, "note"), plural(song.pedals.length, "pedal press", "pedal presses")];
  return `${counts.join(", ")}, ${clock(song.durationS - song.startS)}`;
}

function remark(text) {
  const item = document.createElement("li");
  item.textContent = sentence(text);
  return item;
}

player.onChange = () => {
  element("play").textContent = player.isPlaying ? "Pause" : "Play";
  follow();
};
element("facts").textContent = facts();
element("remarks").replaceChildren(...data.remarks.map(remark));
element("position").min = song.startS;
element("position").max = player.endS;
element("position").addEventListener("input", (event) => goTo(Number(event.target.value)));
element("play").addEventListener("click", playOrPause);
element("fade").addEventListener("input", (event) => player.setFade(Number(event.target.value) / 100));
element("filter").addEventListener("input", filter);
element("zoom-in").addEventListener("click", () => roll.zoom(0.7));
element("zoom-out").addEventListener("click", () => roll.zoom(1 / 0.7));
element("zoom-all").addEventListener("click", () => roll.look(song.startS, roll.fullS));
element("download").addEventListener("click", () => download(song, ""));
element("download-kept").addEventListener("click", () => download(kept, element("filter").value > 0 ? " (shown)" : ""));
element("filter").disabled = !song.hasConfidences;
element("filter-label").hidden = element("kept").hidden = !song.hasConfidences;
element("download-kept").hidden = !song.hasConfidences;
element("fade-label").hidden = !recording;
element("roll").addEventListener("pointerdown", onPress);
element("roll").addEventListener("wheel", onWheel, { passive: false });
document.addEventListener("keydown", onKey);
filter();
showTime();
document.documentElement.dataset.ready = "yes";
