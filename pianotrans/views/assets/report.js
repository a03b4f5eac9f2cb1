// The report: its elements, and what each does.

import { NoteList } from "./note_list.js";
import { Player } from "./listening/player.js";
import { Bars } from "./shared/bars.js";
import { bytesOf } from "./shared/base64.js";
import { clock, plural, sentence } from "./shared/format.js";
import { midiBytes } from "./shared/midi.js";
import { Performance } from "./shared/performance.js";
import { KEYBOARD_PX, Roll } from "./shared/roll.js";
import { offerLanguages } from "./shared/texts.js";
import { Sheet } from "./sheet.js";
import { Tabs } from "./tabs.js";

const element = (id) => document.getElementById(id);
const data = JSON.parse(element("data").textContent);
const song = new Performance(data);
const recording = data.media_type && new Blob([bytesOf(element("recording").textContent)], { type: data.media_type });
element("recording").textContent = "";

const player = new Player(song, JSON.parse(element("samples").textContent), recording);
const bars = new Bars(data.score);
const roll = new Roll(element("roll"), song, bars);
const sheet = new Sheet(element("score"), data.score?.ornaments ?? [], song, bars, goToWritten);
const tabs = new Tabs(element("tabs"), onTab);
const columns = { bars: bars.list, hasHands: data.score !== null };
const list = new NoteList(element("rows"), element("page"), element("earlier"), element("later"), goTo, columns);
let kept = song; // what the slider leaves

const isScoreShown = () => !element("score-panel").hidden;

function goTo(timeS) {
  player.seek(timeS);
  roll.moveTo(player.nowS);
  showTime();
}

function goToWritten(timeS, note) {
  goTo(timeS);
  if (note) attempt(() => player.sound(note));
}

function goToBar(step) {
  const bar = bars.list[(bars.at(player.nowS)?.index ?? 0) + step];
  if (bar) goTo(bar.onset);
}

async function onTab(tab) {
  const isScore = tab === element("score-tab");
  element("colours").hidden = isScore;
  element("zoom-all").textContent = isScore ? "Fit width" : "Whole piece";
  if (!isScore) return;
  await attempt(() => sheet.open(element("pages").textContent), "show the score");
  sheet.moveTo(player.nowS);
}

const view = {
  zoom: (factor) => (isScoreShown() ? sheet : roll).zoom(factor),
  fit: () => (isScoreShown() ? sheet.fit() : roll.look(song.startS, roll.fullS)),
};

function showTime() {
  const nowS = player.nowS;
  element("position").value = nowS;
  element("position").setAttribute("aria-valuetext", `${clock(nowS)} of ${clock(player.endS)}`);
  element("clock").value = `${clock(nowS)} / ${clock(player.endS)}`;
}

let frame = null;

function follow() {
  cancelAnimationFrame(frame);
  roll.moveTo(player.nowS);
  if (isScoreShown()) sheet.moveTo(player.nowS);
  list.mark(player.nowS);
  showTime();
  if (player.isPlaying) frame = requestAnimationFrame(follow);
}

async function attempt(action, what = "play the sound") {
  try {
    await action();
    element("trouble").textContent = "";
  } catch (error) {
    element("trouble").textContent = `This browser cannot ${what} (${error.message}).`;
  }
}

const playOrPause = () => attempt(() => (player.isPlaying ? player.pause() : player.play()));

function filter() {
  const percent = Number(element("filter").value);
  kept = song.above(percent / 100);
  element("filter-value").value = `${percent} %`;
  element("kept").textContent = `${kept.notes.length} of ${plural(song.notes.length, "note")} shown`;
  roll.show(kept);
  sheet.show(kept);
  player.setEvents(kept);
  list.show(kept.notes);
}

function download({ notes, pedals }, ending) {
  const content = midiBytes(notes, pedals, song.durationS, data.score?.conductor);
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
    ",": () => goToBar(-1),
    ".": () => goToBar(1),
    "+": () => view.zoom(0.7),
    "=": () => view.zoom(0.7),
    "-": () => view.zoom(1 / 0.7),
    0: view.fit,
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
  return [...counts, clock(song.durationS - song.startS), ...(data.score?.facts ?? [])].join(", ");
}

function colour(by) {
  roll.colourByHand(by === "hand");
  for (const kind of ["velocity", "hand"]) element(`${kind}-legend`).hidden = kind !== by;
}

// What only a score gives: columns, tabs, and a word about them.
function showWhatThereIs() {
  const offer = (name, isThere) => document.querySelectorAll(name).forEach((one) => { one.hidden = !isThere; });
  offer(".with-hands, #colours", data.score);
  offer(".with-bars", bars.list.length);
  offer(".with-doubt", bars.hasDoubtful);
  offer("#tabs", element("pages").textContent);
  if (element("tabs").hidden) return;
  for (const panel of ["roll-panel", "score-panel"]) element(panel).setAttribute("role", "tabpanel");
}

function remark(text) {
  const item = document.createElement("li");
  item.textContent = sentence(text);
  return item;
}

offerLanguages(element("languages"));
element("languages").hidden = window !== window.top; // the page around it decides
player.addEventListener("change", () => {
  element("play").textContent = player.isPlaying ? "Pause" : "Play";
  follow();
});
player.addEventListener("trouble", ({ detail }) => attempt(() => { throw detail; }));
player.setBeats(bars.beats);
element("facts").textContent = facts();
element("remarks").replaceChildren(...data.remarks.map(remark));
element("position").min = song.startS;
element("position").max = player.endS;
element("position").addEventListener("input", (event) => goTo(Number(event.target.value)));
element("play").addEventListener("click", playOrPause);
element("fade").addEventListener("input", (event) => player.setFade(Number(event.target.value) / 100));
element("filter").addEventListener("input", filter);
element("zoom-in").addEventListener("click", () => view.zoom(0.7));
element("zoom-out").addEventListener("click", () => view.zoom(1 / 0.7));
element("zoom-all").addEventListener("click", view.fit);
element("colours").addEventListener("change", (event) => colour(event.target.value));
element("download").addEventListener("click", () => download(song, ""));
element("download-kept").addEventListener("click", () => download(kept, element("filter").value > 0 ? " (shown)" : ""));
element("filter").disabled = !song.hasConfidences;
element("filter-label").hidden = element("kept").hidden = !song.hasConfidences;
element("download-kept").hidden = !song.hasConfidences;
element("fade-label").hidden = !recording;
element("roll").addEventListener("pointerdown", onPress);
element("roll").addEventListener("wheel", onWheel, { passive: false });
document.addEventListener("keydown", onKey);
showWhatThereIs();
filter();
showTime();
document.documentElement.dataset.ready = "yes";
