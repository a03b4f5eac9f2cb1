// The report: its elements, and what each does.

import { NoteList } from "./note_list.js";
import { Bars } from "./shared/bars.js";
import { clock, sentence } from "./shared/format.js";
import { midiBytes } from "./shared/midi.js";
import { Performance } from "./shared/performance.js";
import { Roll } from "./shared/roll.js";
import { KEYBOARD_PX } from "./shared/roll_layout.js";
import { offerLanguages, t } from "./shared/texts.js";
import { Sheet } from "./sheet.js";
import { Player, bytesOf } from "./sound.js";
import { Tabs } from "./tabs.js";
import { Bench } from "./workbench/bench.js";
import { DoubtPanel } from "./workbench/doubt_panel.js";
import { addCommands, commandsOf } from "./workbench/commands.js";
import { Editor } from "./workbench/editor.js";
import { HelpSheet } from "./workbench/help.js";
import { Inspector } from "./workbench/inspector.js";
import { Shortcuts } from "./workbench/keyboard.js";
import { addMarks } from "./workbench/marks.js";
import { Pointing } from "./workbench/pointing.js";
import { Toolbar } from "./workbench/toolbar.js";
import { VelocityLane } from "./workbench/velocity_lane.js";

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
const bench = new Bench(song, bars);
const list = new NoteList(element("rows"), element("page"), element("earlier"), element("later"), goTo, bench, columns);
const shortcuts = new Shortcuts();
const pointing = new Pointing(roll);

const isScoreShown = () => !element("score-panel").hidden;

function goTo(timeS) {
  player.seek(timeS);
  roll.moveTo(player.nowS);
  showTime();
}

function goToWritten(timeS, note) {
  goTo(timeS);
  if (note) sound(note);
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

function follow() {
  roll.moveTo(player.nowS);
  if (isScoreShown()) sheet.moveTo(player.nowS);
  list.mark(player.nowS);
  showTime();
  if (player.isPlaying) requestAnimationFrame(follow);
}

async function attempt(action, what = "play the sound") {
  try {
    await action();
    element("trouble").textContent = "";
  } catch (error) {
    element("trouble").textContent = `This browser cannot ${what} (${error.message}).`;
  }
}

const sound = (note) => attempt(() => player.sound(note));
const playOrPause = () => attempt(() => (player.isPlaying ? player.pause() : player.play()));

function filter() {
  const percent = Number(element("filter").value);
  element("filter-value").value = `${percent} %`;
  bench.filter(percent / 100);
}

// What is slow to show waits until the end of a drag.
function show(isPreview) {
  const { kept, piece } = bench;
  roll.show(kept);
  if (isPreview) return;
  roll.makeRoom(kept);
  sheet.show(kept);
  player.setEvents(kept);
  list.show(kept.notes);
  list.mark(player.nowS);
  element("kept").textContent = t("report.shown", { kept: kept.notes.length, n: piece.notes.length });
}

function download({ notes, pedals }, ending) {
  const content = midiBytes(notes, pedals, song.durationS, data.score?.conductor);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: "audio/midi" }));
  link.download = `${data.title.replace(/\.[A-Za-z0-9]{1,5}$/, "")}${ending}.mid`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

shortcuts.add("tools.group-playing", [
  { keys: [" "], text: "tools.play", run: playOrPause },
  { keys: ["ArrowLeft"], text: "tools.back-1", run: () => goTo(player.nowS - 1) },
  { keys: ["ArrowRight"], text: "tools.on-1", run: () => goTo(player.nowS + 1) },
  { keys: ["Shift+ArrowLeft"], text: "tools.back-10", run: () => goTo(player.nowS - 10) },
  { keys: ["Shift+ArrowRight"], text: "tools.on-10", run: () => goTo(player.nowS + 10) },
  { keys: [","], text: "tools.back-bar", run: () => goToBar(-1), when: () => bars.list.length > 0 },
  { keys: ["."], text: "tools.on-bar", run: () => goToBar(1), when: () => bars.list.length > 0 },
  { keys: ["Home"], text: "tools.to-start", run: () => goTo(song.startS) },
  { keys: ["End"], text: "tools.to-end", run: () => goTo(player.endS) },
]);
shortcuts.add("tools.group-view", [
  { keys: ["+", "="], text: "tools.zoom-in", run: () => view.zoom(0.7) },
  { keys: ["-"], text: "tools.zoom-out", run: () => view.zoom(1 / 0.7) },
  { keys: ["0"], text: "tools.zoom-all", run: view.fit },
]);

// A click anywhere, where no other tool wants it, leads to that time.
roll.addTool({
  order: Infinity,
  begin: (at) => (at.x > KEYBOARD_PX ? { click: () => goTo(at.timeS) } : null),
});

function facts() {
  const counts = [t("words.notes", { n: song.notes.length }), t("words.pedals", { n: song.pedals.length })];
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
element("zoom-in").addEventListener("click", () => view.zoom(0.7));
element("zoom-out").addEventListener("click", () => view.zoom(1 / 0.7));
element("zoom-all").addEventListener("click", view.fit);
element("colours").addEventListener("change", (event) => colour(event.target.value));
element("download").addEventListener("click", () => download(bench.piece, ""));
element("download-kept").addEventListener("click", () => download(bench.kept, element("filter").value > 0 ? " (shown)" : ""));
element("filter").disabled = !song.hasConfidences;
element("filter-label").hidden = element("kept").hidden = !song.hasConfidences;
element("download-kept").hidden = !song.hasConfidences;
element("fade-label").hidden = !recording;
bench.addEventListener("change", ({ detail }) => show(detail.isPreview));

const editor = new Editor({ bench, roll, sound, goTo });
const velocityLane = new VelocityLane(editor);
const commands = commandsOf(editor, { pointing, velocityLane, nowS: () => player.nowS });
addCommands(shortcuts, commands, roll);
addMarks(editor);
const help = new HelpSheet(shortcuts);
new Toolbar(element("toolbar"), editor, commands, () => help.open());
new Inspector(element("inspector"), bench);
new DoubtPanel({ bench, roll, player, shortcuts, attempt, data: data.doubt });
showWhatThereIs();
filter();
showTime();
document.documentElement.dataset.ready = "yes";
