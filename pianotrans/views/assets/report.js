// The report: its elements, and what each does.

import { addListening } from "./listening/listening.js";
import { Player } from "./listening/player.js";
import { NoteList } from "./note_list.js";
import { Bars } from "./shared/bars.js";
import { bytesOf } from "./shared/base64.js";
import { clock, sentence } from "./shared/format.js";
import { midiBytes } from "./shared/midi.js";
import { Performance } from "./shared/performance.js";
import { Roll } from "./shared/roll.js";
import { KEYBOARD_PX } from "./shared/roll_layout.js";
import { offerLanguages, t } from "./shared/texts.js";
import { Sheet } from "./sheet.js";
import { Tabs } from "./tabs.js";
import { Bench } from "./workbench/bench.js";
import { addCommands, commandsOf } from "./workbench/commands.js";
import { DoubtPanel } from "./workbench/doubt_panel.js";
import { Editor } from "./workbench/editor.js";
import { Grid } from "./workbench/grid.js";
import { HelpSheet } from "./workbench/help.js";
import { Inspector } from "./workbench/inspector.js";
import { keepEdits } from "./workbench/keeping.js";
import { Shortcuts } from "./workbench/keyboard.js";
import { addMarks } from "./workbench/marks.js";
import { Pointing } from "./workbench/pointing.js";
import { Receiving, endingOf } from "./workbench/receiving.js";
import { followScore, notesAsScored } from "./workbench/rescoring.js";
import { Taking } from "./workbench/taking.js";
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
const writtenBars = new Bars(data.score); // of the sheet, which may be older than what is edited
const sheet = new Sheet(element("score"), data.score?.ornaments ?? [], song, writtenBars, goToWritten);
const tabs = new Tabs(element("tabs"), onTab);
const columns = { bars: bars.list, hasHands: data.score !== null };
const bench = new Bench(song, bars);
const list = new NoteList(element("rows"), element("page"), element("earlier"), element("later"), goTo, bench, columns);
const receiving = new Receiving(element("receiving"), data.receivers, data.made_by);
const shortcuts = new Shortcuts();
const pointing = new Pointing(roll, shortcuts);

const isScoreShown = () => !element("score-panel").hidden;

function goTo(timeS) {
  player.seek(timeS);
  roll.moveTo(player.nowS);
  roll.reveal(player.nowS);
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
  nameFit();
  if (!isScore) return;
  await attempt(() => sheet.open(element("pages").textContent), "report.cannot_score");
  sheet.moveTo(player.nowS);
}

function nameFit() { element("zoom-all").textContent = t(isScoreShown() ? "report.fit" : "report.whole"); }

const view = {
  zoom: (factor) => (isScoreShown() ? sheet : roll).zoom(factor),
  fit: () => (isScoreShown() ? sheet.fit() : roll.fit()),
};

function showTime() {
  const nowS = player.nowS;
  element("position").value = nowS;
  element("position").setAttribute("aria-valuetext", t("report.position_text", { now: clock(nowS), end: clock(player.endS) }));
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

function tell(text) { element("trouble").textContent = text; }

// The score of an edited piece. Where no beat is found, the last one stays.
function showScore({ score, pages, remarks }, piece) {
  grid.written = { piece, score };
  tell(pages ? "" : remarks.join(" "));
  if (!pages) return;
  writtenBars.read(score);
  grid.take(score);
  element("pages").textContent = pages;
  showWhatThereIs();
  attempt(() => sheet.replace(pages, score.ornaments, notesAsScored(piece)), "report.cannot_score");
}

async function attempt(action, what = "report.cannot_sound") {
  try {
    await action();
    element("trouble").textContent = "";
  } catch (error) {
    element("trouble").textContent = t(what, { why: error.message });
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
  const { kept } = bench;
  roll.show(kept);
  if (isPreview) return;
  roll.makeRoom(kept);
  sheet.show(kept);
  player.setEvents(kept);
  element("position").max = player.endS;
  if (player.nowS > player.endS) goTo(player.endS);
  list.show(kept.notes);
  list.mark(player.nowS);
  sayKept();
}

function sayKept() {
  element("kept").textContent = t("report.shown", { kept: bench.kept.notes.length, n: bench.piece.notes.length });
}

function midiFile(choice = receiving.choices[0], events = bench.piece, ending = "") {
  const conductor = grid.conductor(receiving.isPerBar);
  const { notes, pedals, how } = receiving.fit(events, choice, { conductor, hasHands: data.score !== null });
  const name = `${data.title.replace(/\.[A-Za-z0-9]{1,5}$/, "")}${ending}${endingOf(choice)}.mid`;
  return { name, bytes: midiBytes(notes, pedals, song.durationS, how) };
}

// A file for each choice; perhaps of some of the events, with a word for that in its name.
function download(choices = receiving.choices, events = bench.piece, ending = "") {
  for (const choice of choices) save(midiFile(choice, events, ending));
}

function downloadKept() {
  download(receiving.choices, bench.kept, element("filter").value > 0 ? ` ${t("report.kept_name")}` : "");
}

function save({ name, bytes, content = new Blob([bytes], { type: "audio/midi" }) }) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

shortcuts.add("tools.group-playing", [
  { keys: [" "], text: "tools.play", run: playOrPause, isOnRelease: true }, // until then it may be held to move the view
  { keys: ["ArrowLeft"], text: "tools.back-1", run: () => goTo(player.nowS - 1) },
  { keys: ["ArrowRight"], text: "tools.on-1", run: () => goTo(player.nowS + 1) },
  { keys: ["Shift+ArrowLeft"], text: "tools.back-10", run: () => goTo(player.nowS - 10) },
  { keys: ["Shift+ArrowRight"], text: "tools.on-10", run: () => goTo(player.nowS + 10) },
  { keys: [","], text: "tools.back-bar", run: () => goToBar(-1), when: () => bars.list.length > 0 },
  { keys: ["."], text: "tools.on-bar", run: () => goToBar(1), when: () => bars.list.length > 0 },
  { keys: ["Home"], text: "tools.to-start", run: () => goTo(song.startS) },
  { keys: ["End"], text: "tools.to-end", run: () => goTo(player.endS) },
]);

// Around what is selected, if that is a note.
function zoomKeys(factor) {
  const [note] = bench.selectedNotes;
  roll.zoomKeys(factor, note && note.key - 0.5);
}

const isInKeys = () => roll.isShown && !roll.showsAllKeys;

shortcuts.add("tools.group-view", [
  { keys: ["+", "="], text: "tools.zoom-in", run: () => view.zoom(0.7) },
  { keys: ["-"], text: "tools.zoom-out", run: () => view.zoom(1 / 0.7) },
  { keys: ["Ctrl+ArrowUp"], text: "tools.zoom-in-keys", run: () => zoomKeys(0.7), when: () => roll.isShown },
  { keys: ["Ctrl+ArrowDown"], text: "tools.zoom-out-keys", run: () => zoomKeys(1 / 0.7), when: () => roll.isShown },
  { keys: ["PageUp"], text: "tools.keys-up", run: () => roll.lookAtKeys(roll.topKey + 12), when: isInKeys },
  { keys: ["PageDown"], text: "tools.keys-down", run: () => roll.lookAtKeys(roll.topKey - 12), when: isInKeys },
  { keys: ["0"], text: "tools.zoom-all", run: view.fit },
]);
shortcuts.add("receiving.heading", [
  { keys: ["Ctrl+s"], text: "report.download", run: () => download() },
  { keys: ["Ctrl+Shift+s"], text: "receiving.download_both", run: () => download(receiving.both) },
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

function nameButton() { element("play").textContent = t(player.isPlaying ? "report.pause" : "report.play"); }

// What a script wrote, in another language.
function sayAgain() {
  nameButton();
  nameFit();
  sayKept();
  list.write();
  showTime();
  element("facts").textContent = facts();
  sayInstrument();
}

function sayInstrument() {
  element("instrument").hidden = data.foreign_share === null;
  element("instrument").textContent = t("report.not_solo_piano", { percent: Math.round(100 * data.foreign_share) });
}

function remark(text) {
  const item = document.createElement("li");
  item.textContent = sentence(text);
  return item;
}

offerLanguages(element("languages"));
element("languages").hidden = window !== window.top; // the page around it decides
player.addEventListener("change", () => {
  nameButton();
  follow();
});
player.addEventListener("trouble", ({ detail }) => attempt(() => { throw detail; }));
sayInstrument();
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
element("download").addEventListener("click", () => download());
element("download-kept").addEventListener("click", downloadKept);
element("filter").disabled = !song.hasConfidences;
element("filter-label").hidden = element("kept").hidden = !song.hasConfidences;
element("download-kept").hidden = !song.hasConfidences;
element("fade-label").hidden = !recording;
// First of all that listen to the bench: bars are what others show.
const gridParts = { score: data.score, nowS: () => player.nowS, place: element("panels") };
const grid = new Grid({ bench, roll, bars, shortcuts, ...gridParts });
bench.addEventListener("change", ({ detail }) => show(detail.isPreview));

const editor = new Editor({ bench, roll, sound, goTo });
const velocityLane = new VelocityLane(editor);
const commands = commandsOf(editor, { pointing, velocityLane, nowS: () => player.nowS });
addCommands(shortcuts, commands, roll);
addMarks(editor);
const help = new HelpSheet(shortcuts);
new Toolbar(element("toolbar"), editor, commands, () => help.open());
new Inspector(element("inspector"), bench);
const taking = new Taking({ bench, receiving, save, place: element("panels") });
keepEdits(bench, element("panels")).then(({ host, autosave }) => {
  taking.setHost(host, autosave);
  grid.setHost(host);
  followScore(bench, host, { onScore: showScore, onTrouble: tell });
});
addListening({
  player, bench, roll, sheet, shortcuts, goTo, waveform: data.waveform, hasHands: data.score !== null,
  playback: element("playback"), download: element("download"), midiFile,
});
new DoubtPanel({ bench, roll, player, shortcuts, attempt, data: data.doubt });
showWhatThereIs();
filter();
sayAgain();
addEventListener("languagechange", sayAgain);
document.documentElement.dataset.ready = "yes";
