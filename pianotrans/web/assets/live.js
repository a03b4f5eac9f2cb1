// A recording while it is being transcribed: its notes as they are decided, and the edge up to which they are final.

import { noteEventsUrl } from "./api.js";
import { PlainRoll } from "./plain_roll.js";
import { clock } from "./shared/format.js";
import { t } from "./shared/texts.js";

const VIEW_S = 60;
const EDGE = 0.8; // of the width, once the recording is longer than the view
const KEYS = [21, 108]; // all of a piano: which ones are played is not known yet
const EDGE_PX = 2;

export class LiveView {
  constructor(place, bar) {
    Object.assign(this, { place, bar });
    this.id = null;
    this.facts = document.createElement("p");
    this.facts.className = "facts";
    this.canvas = document.createElement("canvas");
    this.canvas.id = "live-roll";
    this.canvas.setAttribute("role", "img");
    this.roll = new PlainRoll(this.canvas);
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
    if (this.id === null) return;
    const { roll, finalS } = this;
    const lengthS = Math.min(VIEW_S, Math.max(this.job.duration_s ?? VIEW_S, 1));
    const startS = Math.max(0, Math.min(finalS - EDGE * lengthS, (this.job.duration_s ?? Infinity) - lengthS));
    if (!roll.begin(startS, lengthS)) return;
    const { pen, colours, widthPx, heightPx } = roll;
    const edgePx = roll.xOf(finalS);
    pen.fillStyle = colours.panel;
    pen.fillRect(edgePx, 0, widthPx, heightPx);
    roll.paint(this.notes, this.pedals, KEYS);
    pen.fillStyle = colours.now;
    pen.fillRect(edgePx - EDGE_PX / 2, 0, EDGE_PX, heightPx);
  }
}
