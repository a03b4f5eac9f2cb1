// The panel that leads from doubt to doubt: where each is, what it sounds like, and a button and a key for each choice.

import { clock } from "../shared/format.js";
import { ORDER } from "../shared/roll_layout.js";
import { eventsBetween, longestOf } from "../shared/performance.js";
import { t } from "../shared/texts.js";
import { choicesOf, findDoubts, openCandidates, orderDoubts, readDoubt, stepThrough } from "./doubt.js";

const CHOICE_KEYS = { accept: "a", absent: "x", dismiss: "x", earlier: "e", later: "l", octave: "o", candidate: "c" };
const LIMITS = { withEnds: 50, withoutEnds: 95 }; // percent; models are much less sure of ends
const AROUND_S = 1; // heard before and after an onset
const MARK_PX = 3;
const CANDIDATE_ORDER = 40;

export class DoubtPanel {
  // `attempt` runs what may fail, and tells it.
  constructor({ bench, roll, player, shortcuts, attempt, data }) {
    Object.assign(this, { bench, roll, player, attempt, doubt: readDoubt(data) });
    this.present = null; // the doubt that is shown, with its `choices`
    if (!data) return;
    this.build();
    this.addShortcuts(shortcuts);
    roll.addLayer({ order: ORDER.notes, isInKeys: true, paint: (pen) => this.paintCandidates(pen) });
    roll.addLayer({ order: ORDER.marks, isMoving: true, isInKeys: true, paint: (pen) => this.paintMark(pen) });
    roll.addTool({ order: CANDIDATE_ORDER, begin: (at) => this.beginPress(at), cursor: (at) => (this.candidateAt(at) ? "pointer" : null) });
    bench.addEventListener("change", ({ detail }) => detail.isPreview || this.find());
    addEventListener("languagechange", () => this.write());
    this.find();
    this.write();
  }

  build() {
    const root = document.createElement("section");
    root.id = "doubt";
    root.setAttribute("aria-labelledby", "doubt-heading");
    root.innerHTML = `
      <h2 id="doubt-heading" data-text="doubt.heading"></h2>
      <p class="controls">
        <span class="group steps"></span>
        <label><span data-text="doubt.order"></span>
          <select id="doubt-order"><option value="sure" data-text="doubt.by_sureness"></option>
            <option value="time" data-text="doubt.by_time"></option></select></label>
        <label><span data-text="doubt.limit"></span>
          <input id="doubt-limit" type="number" min="0" max="100" step="5" value="${LIMITS.withoutEnds}"> %</label>
        <label><input id="doubt-ends" type="checkbox"><span data-text="doubt.ends"></span></label>
      </p>
      <p id="doubt-place" role="status"></p>
      <p class="group choices"></p>`;
    document.getElementById("panels").prepend(root); // it is used most
    const find = (selector) => root.querySelector(selector);
    [this.place, this.choices, this.order] = ["#doubt-place", ".choices", "#doubt-order"].map(find);
    [this.limit, this.ends] = ["#doubt-limit", "#doubt-ends"].map(find);
    const steps = [["previous", "p", () => this.step(-1)], ["next", "n", () => this.step(1)], ["listen", "r", () => this.listen()]];
    find(".steps").append(...steps.map(([name, key, run]) => {
      const button = buttonWithKey(key, run);
      button.prepend(Object.assign(document.createElement("span"), { className: name }));
      button.firstChild.dataset.text = `doubt.${name}`;
      return button;
    }));
    this.root = root;
    this.order.addEventListener("change", () => this.find());
    this.limit.addEventListener("input", () => this.find());
    this.ends.addEventListener("change", () => {
      this.limit.value = this.ends.checked ? LIMITS.withEnds : LIMITS.withoutEnds;
      this.find();
    });
  }

  addShortcuts(shortcuts) {
    const shortcut = (name, key, run, when) => ({ keys: [key], text: `doubt.help.${name}`, run, when });
    const isAny = () => this.doubts.length > 0;
    const isAt = () => this.present !== null;
    shortcuts.add("doubt.heading", [
      shortcut("next", "n", () => this.step(1), isAny),
      shortcut("previous", "p", () => this.step(-1), isAny),
      shortcut("listen", "r", () => this.listen(), isAt),
      shortcut("leave", "Escape", () => this.go(null), () => isAt() && !this.bench.selection.size),
      ...Object.entries(CHOICE_KEYS).map(([name, key]) =>
        shortcut(name, key, () => this.choose(name), () => this.choiceOf(name) !== undefined)),
    ]);
  }

  choiceOf(name) { return this.present?.choices.find((choice) => choice.name === name); }

  step(step) { this.go(stepThrough(this.doubts, this.present?.id, step)); }

  // To a doubt, or to none: it is marked, in view, and heard.
  go(doubt) {
    this.show(doubt);
    if (!doubt) return;
    const { startS, lengthS } = this.roll;
    const isInside = doubt.onset > startS + 0.1 * lengthS && doubt.onset < startS + 0.8 * lengthS;
    if (!isInside) this.roll.look(doubt.onset - 0.4 * lengthS);
    this.roll.revealKey(doubt.key);
    this.listen();
  }

  // Makes a choice, and goes on to the doubt that takes its place.
  choose(name) {
    const { bench, present } = this;
    const at = this.placeOf(present.id);
    const piece = this.choiceOf(name).apply(bench.piece);
    this.present = null;
    if (piece === bench.piece) this.find();
    else bench.change(piece, { label: t(`doubt.help.${name}`) });
    this.go(this.doubts[Math.min(at, this.doubts.length - 1)]);
  }

  // The seconds around the present doubt.
  listen() {
    const { onset } = this.present;
    this.attempt(() => this.player.playPart(Math.max(onset - AROUND_S, this.player.startS), onset + AROUND_S));
  }

  // What is doubtful in the piece as it is now.
  find() {
    const { bench, doubt, present } = this;
    this.open = openCandidates(bench.piece);
    this.longestS = longestOf(this.open);
    const how = { limit: Number(this.limit.value) / 100, withEnds: this.ends.checked, open: this.open };
    const found = findDoubts(bench.piece, doubt, how);
    this.doubts = orderDoubts(found, this.order.value === "time");
    this.roll.draw();
    this.show(this.doubts[this.placeOf(present?.id)]);
  }

  placeOf(id) { return this.doubts.findIndex((doubt) => doubt.id === id); }

  show(doubt) {
    this.present = doubt ? { ...doubt, choices: choicesOf(doubt, this.doubt, this.open) } : null;
    this.place.textContent = this.placeText();
    this.choices.replaceChildren(...(this.present?.choices ?? []).map((choice) => this.choiceButton(choice)));
    this.roll.drawMoving();
  }

  write() {
    for (const one of this.root.querySelectorAll("[data-text]")) one.textContent = t(one.dataset.text);
    this.show(this.present);
  }

  placeText() {
    const { doubts, present } = this;
    if (!doubts.length) return t("doubt.none");
    if (!present) return t("doubt.some", { n: doubts.length });
    const { bench, bench: { bars } } = this;
    const bar = present.note ? bench.barOf(present.note) : bars.at(present.onset);
    return [
      t("doubt.place", { i: this.placeOf(present.id) + 1, n: doubts.length }),
      ...(bar ? [t("doubt.bar", { bar: bar.number })] : []),
      t(present.note ? "doubt.note" : "doubt.candidate", { name: this.nameOf(present), time: clock(present.onset, 1) }),
      asPercent(present.note ? present.sureness : present.candidate.probability),
    ].join(", ");
  }

  nameOf({ note, key }) { return this.bench.nameOf(note ?? { key, index: null }); }

  choiceButton(choice) {
    const { name, probability } = choice;
    const values = {
      ...(choice.offset !== undefined && { time: clock(choice.offset, 2) }),
      ...(choice.key !== undefined && { name: this.nameOf(choice) }),
    };
    const button = buttonWithKey(CHOICE_KEYS[name], () => this.choose(name));
    const shown = probability === undefined || probability === null ? "" : ` ${asPercent(probability)}`;
    button.prepend(`${t(`doubt.choice.${name}`, values)}${shown}`);
    button.dataset.choice = name;
    return button;
  }

  beginPress(at) {
    const candidate = this.candidateAt(at);
    return candidate ? { click: () => this.go(this.doubts.find((doubt) => doubt.candidate === candidate)) } : null;
  }

  candidateAt({ part, timeS, key }) {
    if (part !== "notes") return undefined;
    return eventsBetween(this.open, timeS, timeS, this.longestS).find((one) => one.key === key);
  }

  paintCandidates(pen) {
    const { roll } = this;
    for (const candidate of eventsBetween(this.open, roll.startS, roll.endS, this.longestS)) {
      pen.fillStyle = roll.painter.byHand ? roll.theme.quiet : roll.painter.colourOf(candidate);
      const [x, y, widthPx, heightPx] = boxOnRoll(roll, candidate).map(Math.round); // thin lines are pale between pixels
      const [right, bottom] = [x + Math.max(widthPx, 2) - 1, y + Math.max(heightPx, 2) - 1];
      for (const edge of [y, bottom]) pen.fillRect(x, edge, right - x + 1, 1);
      for (const edge of [x, right]) pen.fillRect(edge, y + 1, 1, bottom - y - 1); // four boxes are faster than a line around
    }
  }

  // A frame around the present doubt, and dashes where its note may end otherwise.
  paintMark(pen) {
    const { present, roll } = this;
    if (!present) return;
    const [x, y, widthPx, heightPx] = boxOnRoll(roll, present);
    pen.strokeStyle = roll.theme.accent;
    pen.lineWidth = 2;
    pen.strokeRect(x - MARK_PX, y - MARK_PX, widthPx + 2 * MARK_PX, heightPx + 2 * MARK_PX);
    pen.setLineDash([3, 3]);
    for (const { offset } of present.choices) {
      if (offset === undefined) continue;
      const endPx = roll.xOf(offset);
      pen.beginPath();
      pen.moveTo(endPx, y - 2 * MARK_PX);
      pen.lineTo(endPx, y + heightPx + 2 * MARK_PX);
      pen.stroke();
    }
    pen.setLineDash([]);
  }
}

const asPercent = (probability) => `${Math.round(100 * probability)} %`;

function boxOnRoll(roll, { onset, offset, key }) {
  const x = roll.xOf(onset);
  return [x, roll.yOf(key), Math.max(roll.xOf(offset) - x, 2), Math.max(roll.keyPx - 1, 1)];
}

function buttonWithKey(key, run) {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-keyshortcuts", key.toUpperCase());
  button.append(" ", Object.assign(document.createElement("kbd"), { textContent: key }));
  button.addEventListener("click", run);
  return button;
}
