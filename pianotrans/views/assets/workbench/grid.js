// The grid on the roll: beats in the strip above the notes that can be dragged, and a line of tools for beats and bars.

import { readColours } from "../shared/colours.js";
import { lastBefore } from "../shared/performance.js";
import { KEYBOARD_PX, NUMBERS_PX, ORDER } from "../shared/roll_layout.js";
import { t } from "../shared/texts.js";
import { beginBar, completeLastBar, doubleTempo, halveTempo, insertBeat, moveBeat, removeBeat } from "./beats.js";
import { setBeatsPerBar } from "./beats.js";
import { KEY_NAMES_BY_MODE, nameOfKey } from "./keys.js";
import { readMeter } from "./layout.js";
import { barsData, beatsOf, beatsWithMeters, conductorFound, conductorOf, saysOfBars, saysOfTime, withBeats } from "./musical_time.js";
import { setBeats, setScore } from "./piece.js";

const BEAT_NEAR_PX = { mouse: 6, pen: 8, touch: 16 }; // from a beat
const ONSET_PX = 8; // from an onset, to which a beat snaps
const CLOSEST_BEATS_PX = 9; // beats that are closer are not shown, and cannot be taken
const STEP_S = 0.01;
const FIRST_BEATS_S = 0.5; // where there are none
const METERS = ["2/4", "3/4", "4/4", "5/4", "6/4", "2/2", "3/2", "3/8", "6/8", "9/8", "12/8"];
const GRID_TOOLS = ["begin", "insert", "remove", "halve", "double", "reset"];

export class Grid {
  // `bars` are those of the roll, which follow the piece; `score` is the data of the score, or null.
  constructor({ bench, roll, bars, score, shortcuts, nowS, place }) {
    Object.assign(this, { bench, roll, bars, nowS });
    this.transcribed = this.score = score;
    this.chosenS = null; // the onset of the beat that is chosen
    this.said = [null, bench.piece.score];
    this.written = null; // { piece, score }: what the host makes of a piece
    this.hostRescores = true;
    roll.addTool({ order: 50, begin: (at, event) => this.begin(at, event), cursor: (at) => this.cursorAt(at) });
    this.theme = {};
    this.readTheme();
    addEventListener("themechange", () => this.readTheme());
    roll.addLayer({ order: ORDER.notes, paint: (pen) => this.paint(pen) });
    this.buildLine(place);
    this.addShortcuts(shortcuts);
    bench.addEventListener("change", () => this.follow());
    bench.addEventListener("select", () => bench.selection.size && this.choose(null));
    addEventListener("languagechange", () => this.write());
    this.write();
  }

  get beats() { return beatsOf(this.bench.piece, this.score); }
  get writtenBeats() { return beatsWithMeters(this.bench.piece, this.score); }

  // The first track of a MIDI file: the host's, if that is about this very piece, else what follows here.
  conductor(isPerBar) {
    const { bench: { piece }, score, written } = this;
    return piece === written?.piece ? conductorFound(written.score, isPerBar) : conductorOf(piece, score, isPerBar);
  }

  // The number of the chosen beat, else of the one nearest to the cursor; -1 without any.
  get target() {
    const { beats } = this;
    const timeS = this.chosenS ?? this.nowS();
    const i = lastBefore(beats, timeS + 1e-6);
    const isNext = i + 1 < beats.length && (i < 0 || beats[i + 1].onset - timeS < timeS - beats[i].onset);
    return isNext ? i + 1 : i;
  }

  // Another score of an edited piece, with its bars.
  take(score) {
    this.score = score;
    this.bars.read(score);
    this.show();
  }

  // With another host, the sheet cannot follow.
  setHost({ canRescore }) {
    this.hostRescores = canRescore;
    this.show();
  }

  // The bars of what is said now; those of the transcription where nothing is said.
  follow() {
    const { piece } = this.bench;
    if (piece.beats === this.said[0] && piece.score === this.said[1]) return;
    this.said = [piece.beats, piece.score];
    if (!saysOfTime(piece)) this.score = this.transcribed;
    this.bars.read(saysOfBars(piece) ? barsData(piece, this.score) : this.score);
    this.show();
  }

  choose(onset) {
    if (onset === this.chosenS) return;
    this.chosenS = onset;
    if (onset !== null) this.bench.select([]);
    this.show();
  }

  // Dragging

  hit(at, pointerType) {
    const { beats, roll } = this;
    if (at.part !== "numbers" || at.x < KEYBOARD_PX || !this.isShown) return -1;
    const i = Math.max(0, lastBefore(beats, at.timeS));
    const away = (k) => Math.abs(roll.xOf(beats[k].onset) - at.x);
    const nearest = i + 1 < beats.length && away(i + 1) < away(i) ? i + 1 : i;
    return away(nearest) <= BEAT_NEAR_PX[pointerType] ? nearest : -1;
  }

  // Whether beats are far enough from each other to be taken.
  get isShown() { return this.bars.beats.length > 1 && this.bars.beatS * this.roll.pixelsPerS >= CLOSEST_BEATS_PX; }

  cursorAt(at) { return this.hit(at, "mouse") >= 0 ? "ew-resize" : null; }

  begin(at, { pointerType }) {
    const i = this.hit(at, pointerType);
    if (i < 0) return at.part === "numbers" && at.isDouble ? { click: () => this.insertAt(at.timeS) } : null;
    const { bench, writtenBeats: beats } = this;
    const { piece } = bench;
    const moved = (to, event) => moveBeat(beats, i, this.snapped(to.timeS, event));
    return {
      click: () => this.choose(beats[i].onset),
      move: (to, event) => {
        const now = setBeats(piece, moved(to, event));
        this.chosenS = now.beats[i].onset;
        bench.preview(now);
      },
      end: (to, event) => this.change("move", moved(to, event), i),
      cancel: () => bench.cancel(),
    };
  }

  // To the nearest onset, if that is close; with Ctrl to none.
  snapped(timeS, event) {
    const { notes } = this.bench.kept;
    const i = lastBefore(notes, timeS);
    const onsets = [notes[i], notes[i + 1]].filter(Boolean).map(({ onset }) => onset);
    const away = (onset) => Math.abs(onset - timeS);
    const nearest = onsets.sort((a, b) => away(a) - away(b))[0];
    const isClose = nearest !== undefined && away(nearest) * this.roll.pixelsPerS <= ONSET_PX;
    return isClose && !event?.ctrlKey && !event?.metaKey ? nearest : timeS;
  }

  // Changes

  // The chosen beat is then the one of this number, or none. What is said of the meter stands at the beats.
  change(name, beats, chosen = null, { isMore = false } = {}) {
    const { bench } = this;
    const piece = withBeats(bench.history.piece, beats && completeLastBar(beats), this.score);
    this.chosenS = chosen === null ? null : piece.beats[chosen].onset;
    bench.change(piece, { label: t(`grid.${name}`), isMore });
    this.show();
  }

  insertAt(timeS) {
    const { writtenBeats: beats } = this;
    const onset = this.snapped(timeS);
    if (!beats.length) {
      const bar = [0, 1, 2, 3].map((k) => ({ onset: onset + k * FIRST_BEATS_S, isDownbeat: k === 0 }));
      this.change("insert", bar, 0);
      return;
    }
    const more = insertBeat(beats, onset);
    if (more !== beats) this.change("insert", more, more.findIndex((beat) => beat.onset === onset));
  }

  moveChosen(seconds, isMore) {
    const { writtenBeats: beats, target } = this;
    this.change("move", moveBeat(beats, target, beats[target].onset + seconds), target, { isMore });
  }

  run(tool) {
    const { writtenBeats: beats, target } = this;
    const tools = {
      begin: () => this.change("begin", beginBar(beats, target), target),
      insert: () => this.insertAt(this.nowS()),
      remove: () => this.change("remove", removeBeat(beats, target)),
      halve: () => this.change("halve", halveTempo(beats)),
      double: () => this.change("double", doubleTempo(beats)),
      reset: () => this.change("reset", null),
    };
    tools[tool]();
  }

  can(tool) {
    const { piece } = this.bench;
    if (tool === "insert") return true;
    if (tool === "reset") return piece.beats !== null || piece.score.time_signature !== undefined;
    if (tool === "remove") return this.chosenS !== null && this.beats.length > 2;
    return this.beats.length > (tool === "halve" ? 3 : 1);
  }

  // From the bar of the target on, with what was written before as it was.
  setMeter(text) {
    const { target, writtenBeats: beats } = this;
    const changed = setBeatsPerBar(beats, target, readMeter(text).nBeats, text);
    this.change("meter", changed, this.chosenS === null ? null : target);
  }

  // Null: as it is found.
  setKey(key) {
    const { bench } = this;
    bench.change(setScore(bench.piece, { key }), { label: t("grid.key") });
  }

  addShortcuts(shortcuts) {
    const isChosen = () => this.chosenS !== null;
    shortcuts.add("grid.group", [
      { keys: ["b"], text: "grid.begin", run: () => this.run("begin"), when: () => this.can("begin") },
      { keys: ["Shift+b"], text: "grid.insert", run: () => this.run("insert") },
      { keys: ["Delete", "Backspace"], text: "grid.remove", run: () => this.run("remove"), when: () => this.can("remove") },
      { keys: ["ArrowLeft"], text: "grid.earlier", run: ({ repeat }) => this.moveChosen(-STEP_S, repeat), when: isChosen },
      { keys: ["ArrowRight"], text: "grid.later", run: ({ repeat }) => this.moveChosen(STEP_S, repeat), when: isChosen },
      { keys: ["Escape"], text: "grid.leave", run: () => this.choose(null), when: isChosen },
    ]);
  }

  // The line of tools

  buildLine(place) {
    const line = place.appendChild(document.createElement("div"));
    Object.assign(line, { id: "grid", className: "controls" });
    line.setAttribute("role", "group");
    this.line = line;
    this.buttons = new Map(GRID_TOOLS.map((tool) => [tool, this.button(tool)]));
    this.meter = this.labelled("grid.meter", document.createElement("select"));
    this.meter.append(...METERS.map((meter) => new Option(meter, meter)));
    this.meter.addEventListener("change", () => this.setMeter(this.meter.value));
    this.key = this.labelled("grid.key", document.createElement("select"));
    this.key.addEventListener("change", () => this.setKey(this.key.value || null));
    this.swing = this.labelled("grid.swing", Object.assign(document.createElement("input"), { type: "checkbox" }));
    this.swing.addEventListener("change", () => {
      const score = { swing: this.swing.checked || null };
      this.bench.change(setScore(this.bench.piece, score), { label: t("grid.swing") });
    });
    this.state = line.appendChild(document.createElement("output"));
  }

  button(tool) {
    const button = this.line.appendChild(Object.assign(document.createElement("button"), { type: "button" }));
    button.dataset.grid = tool;
    button.addEventListener("click", () => this.can(tool) && this.run(tool));
    return button;
  }

  labelled(name, field) {
    const label = this.line.appendChild(document.createElement("label"));
    const text = label.appendChild(document.createElement("span"));
    text.dataset.text = name;
    label.append(field);
    return field;
  }

  write() {
    this.line.setAttribute("aria-label", t("grid.group"));
    for (const [tool, button] of this.buttons) button.textContent = t(`grid.${tool}`);
    for (const text of this.line.querySelectorAll("[data-text]")) text.textContent = t(text.dataset.text);
    this.key.replaceChildren(new Option(t("grid.key-found"), ""), ...Object.entries(KEY_NAMES_BY_MODE).map(([mode, names]) => {
      const group = Object.assign(document.createElement("optgroup"), { label: t(`grid.${mode}`) });
      group.append(...names.map((name) => new Option(t(`grid.keys.${name.replaceAll(" ", "-")}`), name)));
      return group;
    }));
    this.show();
  }

  // What is said in other words, such as "3b", is one more choice.
  showKey(said) {
    this.key.querySelector(":scope > option:nth-of-type(2)")?.remove();
    const name = said === undefined ? "" : nameOfKey(said) ?? said;
    if (name && nameOfKey(name) !== name) this.key.options[0].after(new Option(name, name));
    this.key.value = name;
  }

  show() {
    const { piece } = this.bench;
    for (const [tool, button] of this.buttons) button.setAttribute("aria-disabled", !this.can(tool));
    const bar = this.bars.at(this.chosenS ?? this.nowS());
    this.meter.disabled = !bar;
    this.meter.value = bar && METERS.includes(bar.meter) ? bar.meter : "";
    this.showKey(piece.score.key);
    this.swing.checked = piece.score.swing === true;
    this.state.textContent = [this.chosenText(bar), this.needsApp() ? t("grid.needs-app") : ""].filter(Boolean).join(" ");
    this.roll.setBars(this.bars);
  }

  // Whether the sheet, if there is one, is no longer what is said.
  needsApp() {
    const { piece } = this.bench;
    return !this.hostRescores && (saysOfTime(piece) || piece.score.swing !== undefined);
  }

  chosenText(bar) {
    if (this.chosenS === null || !bar) return "";
    const beat = 1 + this.beats.filter(({ onset }) => onset > bar.onset + 1e-6 && onset <= this.chosenS).length;
    return t("grid.chosen", { beat, bar: bar.number });
  }

  // The picture

  readTheme() { Object.assign(this.theme, readColours(["accent", "quiet"])); }

  paint(pen) {
    const { roll, bars, chosenS, theme } = this;
    if (!this.isShown) return;
    const mark = (x, halfPx, highPx) => {
      pen.moveTo(x - halfPx, NUMBERS_PX - highPx);
      pen.lineTo(x + halfPx, NUMBERS_PX - highPx);
      pen.lineTo(x, NUMBERS_PX);
    };
    const fill = (colour) => {
      pen.fillStyle = colour;
      pen.fill();
      pen.beginPath();
    };
    let chosenPx = null;
    pen.beginPath();
    for (const { onset, isDownbeat } of bars.between(bars.beats, roll.startS, roll.endS)) {
      const x = roll.xOf(onset);
      if (x < KEYBOARD_PX) continue;
      if (chosenS !== null && Math.abs(onset - chosenS) < 1e-6) chosenPx = x;
      else mark(x, 3, isDownbeat ? 7 : 5);
    }
    fill(theme.quiet);
    if (chosenPx === null) return;
    mark(chosenPx, 5, 9);
    fill(theme.accent);
  }
}
