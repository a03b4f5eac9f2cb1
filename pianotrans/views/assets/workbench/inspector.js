// A line that says what is selected, with numbers to change. Of several events a field shows what they have in common.

import { clock } from "../shared/format.js";
import { PEDALS } from "../shared/performance.js";
import { t } from "../shared/texts.js";
import { isPedal } from "./events.js";
import { setEvents } from "./piece.js";

const FIELDS = [
  {
    name: "onset", label: "tools.onset", step: 0.01, min: 0,
    of: (event) => event.onset.toFixed(3), isFor: ({ length }) => length === 1,
  },
  { name: "length", label: "tools.length", step: 0.01, min: 0.01, of: (event) => (event.offset - event.onset).toFixed(3) },
  {
    name: "velocity", label: "tools.velocity", step: 1, min: 1, max: 127,
    of: (event) => `${event.velocity}`, isForNotes: true,
  },
];
const HANDS_OF_NOTES = [["", "tools.no-hand"], ["1", "tools.right-hand"], ["2", "tools.left-hand"]];

export class Inspector {
  constructor(box, bench) {
    Object.assign(this, { box, bench });
    this.summary = box.appendChild(document.createElement("output"));
    this.inputs = FIELDS.map((field) => this.input(field));
    this.hand = this.handChoice();
    bench.addEventListener("change", ({ detail }) => (detail.isPreview && bench.selection.size > 1) || this.show());
    bench.addEventListener("select", () => this.show());
    addEventListener("languagechange", () => this.write());
    this.write();
  }

  // All that is said, in the present language.
  write() {
    HANDS_OF_NOTES.forEach(([, name], i) => { this.hand.options[i].textContent = t(name); });
    this.show();
  }

  // A label with its field, in the line.
  labelled(name, field) {
    const label = this.box.appendChild(document.createElement("label"));
    const text = label.appendChild(document.createElement("span"));
    text.dataset.text = name;
    text.textContent = t(name);
    label.append(field);
    return field;
  }

  input(field) {
    const input = Object.assign(document.createElement("input"), {
      type: "number", step: field.step, min: field.min, max: field.max ?? "", required: true,
    });
    input.dataset.field = field.name;
    input.addEventListener("change", () => this.set(field, input));
    return { ...field, input: this.labelled(field.label, input) };
  }

  handChoice() {
    const select = document.createElement("select");
    select.dataset.field = "hand";
    select.append(...HANDS_OF_NOTES.map(([value]) => new Option("", value)));
    select.addEventListener("change", () => this.change(t("tools.hand-of"), { hand: Number(select.value) || null }));
    return this.labelled("tools.hand-of", select);
  }

  set({ name, label }, input) {
    const value = input.valueAsNumber;
    if (!Number.isFinite(value)) return this.show();
    const fields = {
      onset: ({ onset, offset }) => ({ onset: value, offset: value + offset - onset }),
      length: ({ onset }) => ({ offset: onset + value }),
      velocity: () => ({ velocity: value }),
    };
    this.change(t(label), fields[name]);
  }

  change(label, fields) {
    this.bench.change(setEvents(this.bench.piece, this.bench.selection, fields), { label });
    this.show();
  }

  show() {
    const events = this.bench.selected;
    const notes = events.filter((event) => !isPedal(event));
    this.summary.textContent = this.summaryOf(events, notes);
    for (const { input, of, isFor, isForNotes } of this.inputs) {
      input.parentElement.hidden = !events.length || (isForNotes && !notes.length) || (isFor && !isFor(events));
      if (!input.parentElement.hidden) showCommon(input, commonOf(isForNotes ? notes : events, of));
    }
    this.hand.parentElement.hidden = !notes.length;
    this.hand.value = commonOf(notes, (note) => `${note.hand ?? ""}`);
  }

  summaryOf(events, notes) {
    if (!events.length) return t("tools.nothing-selected");
    if (events.length > 1) return t("tools.selected", { n: events.length });
    const [event] = events;
    const name = notes.length ? this.bench.nameOf(event) : t("tools.pedal-stroke", { kind: PEDALS.get(event.controller) });
    return [name, clock(event.onset, 2), sureText(event)].filter(Boolean).join(" · ");
  }
}

function sureText({ isAccepted, confidence, index }) {
  if (index === null) return t("tools.added");
  if (isAccepted) return t("tools.accepted");
  return confidence === null ? "" : t("tools.confidence", { percent: (100 * confidence).toFixed(0) });
}

// What is the same for all of them, or null.
function commonOf(events, of) {
  const first = events.length ? of(events[0]) : null;
  return events.every((event) => of(event) === first) ? first : null;
}

function showCommon(input, value) {
  input.placeholder = value === null ? t("tools.various") : "";
  if (document.activeElement !== input || value !== null) input.value = value ?? "";
}
