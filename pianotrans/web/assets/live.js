// A recording while it is being transcribed: its notes as they are decided, and the edge up to which they are final.

import { noteEventsUrl } from "./api.js";
import { readColours } from "./shared/colours.js";
import { clock } from "./shared/format.js";
import { NotePainter, boxesOfNotes } from "./shared/notes.js";
import { SUSTAIN, lastBefore } from "./shared/performance.js";
import { t } from "./shared/texts.js";

const VIEW_S = 60;
const EDGE = 0.8; // of the width, once the recording is longer than the view
const LOWEST_KEY = 21; // all keys of a piano: which ones are played is not known yet
const HIGHEST_KEY = 108;
const PEDAL_PX = 8;
const SHORTEST_NOTE_PX = 1.5;

export class LiveView {
  constructor(place, bar) {
    Object.assign(this, { place, bar });
    this.id = null;
    this.facts = document.createElement("p");
    this.facts.className = "facts";
    this.canvas = document.createElement("canvas");
    this.canvas.id = "live-roll";
    this.canvas.setAttribute("role", "img");
    addEventListener("themechange", () => this.paint());
    addEventListener("languagechange", () => this.say());
    addEventListener("resize", () => this.paint());
    document.addEventListener("visibilitychange", () => (document.hidden ? this.close() : this.open()));
  }

  // A running job, or how far it has come since.
  show(job) {
    const isOther = this.id !== job.id;
    this.job = job;
    this.id = job.id;
    if (isOther) {
      this.begin();
      this.place.replaceChildren(this.facts, this.canvas);
      this.place.hidden = this.bar.hidden = false;
      this.close();
      this.open();
    }
    this.say();
    this.paint();
  }

  hide() {
    if (this.id === null) return;
    this.id = null;
    this.close();
    this.place.replaceChildren();
    this.place.hidden = this.bar.hidden = true;
  }

  begin() {
    this.notes = [];
    this.pedals = [];
    this.finalS = 0;
  }

  // A hidden page closes its connection, as the stream of all news does.
  open() {
    if (this.source || this.id === null || document.hidden) return;
    this.source = new EventSource(noteEventsUrl(this.id));
    this.source.addEventListener("notes", (event) => this.add(JSON.parse(event.data)));
    this.source.addEventListener("end", () => this.close()); // the stream of all news tells what comes next
  }

  close() {
    this.source?.close();
    this.source = null;
  }

  add({ is_whole: isWhole, final_s: finalS, notes, pedals }) {
    if (isWhole) this.begin();
    for (const [onset, offset, key, velocity, confidence] of notes) this.notes.push({ onset, offset, key, velocity, confidence });
    for (const [onset, offset, controller] of pedals) this.pedals.push({ onset, offset, controller });
    this.notes.sort((a, b) => a.onset - b.onset);
    this.finalS = finalS;
    this.canvas.dataset.nNotes = this.notes.length;
    this.say();
    this.paint();
  }

  say() {
    if (this.id === null) return;
    const { name, duration_s: durationS } = this.job;
    const [final, all] = [this.finalS, durationS ?? this.finalS].map((timeS) => clock(timeS));
    this.facts.textContent = t("page.live", { name, n: this.notes.length, final, all });
    this.canvas.setAttribute("aria-label", this.facts.textContent);
  }

  // Follows the edge, which moves on by a segment at once.
  paint() {
    const { canvas, finalS } = this;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width) return;
    const scale = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    const lengthS = Math.min(VIEW_S, Math.max(this.job.duration_s ?? VIEW_S, 1));
    const startS = Math.max(0, Math.min(finalS - EDGE * lengthS, (this.job.duration_s ?? Infinity) - lengthS));
    const xOf = (timeS) => ((timeS - startS) / lengthS) * width;
    const colours = readColours(["panel", "now", "pedal-sustain"]);
    pen.fillStyle = colours.panel;
    pen.fillRect(xOf(finalS), 0, width, height);
    this.paintNotes(pen, xOf, height - PEDAL_PX, startS);
    pen.fillStyle = colours["pedal-sustain"];
    for (const { onset, offset, controller } of this.pedals) {
      if (controller === SUSTAIN && offset >= startS) pen.fillRect(xOf(onset), height - PEDAL_PX + 2, xOf(offset) - xOf(onset), PEDAL_PX - 2);
    }
    pen.fillStyle = colours.now;
    pen.fillRect(xOf(finalS) - 1, 0, 2, height);
  }

  paintNotes(pen, xOf, height, startS) {
    const keyPx = height / (HIGHEST_KEY - LOWEST_KEY + 1);
    const inView = this.notes.slice(lastBefore(this.notes, startS - VIEW_S) + 1).filter(({ offset }) => offset >= startS);
    new NotePainter().paint(pen, inView, boxesOfNotes({
      xOf,
      yOf: (key) => (HIGHEST_KEY - key) * keyPx,
      heightPx: Math.max(1, keyPx - 1),
      shortestPx: SHORTEST_NOTE_PX,
    }));
  }
}
