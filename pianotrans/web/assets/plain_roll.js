// A roll of notes that still come in, without hands and bars: while one plays, and while a recording is transcribed.

import { readColours } from "./shared/colours.js";
import { NotePainter, boxesOfNotes } from "./shared/notes.js";
import { SUSTAIN } from "./shared/performance.js";

const OCTAVE_KEYS = 12;
const PEDAL_PX = 8;
const SHORTEST_NOTE_PX = 2;
const LOWEST_NOTE_PX = 2;

export class PlainRoll {
  constructor(canvas) {
    this.canvas = canvas;
    addEventListener("themechange", () => { this.painter = null; });
  }

  // Empties the canvas for a span of time. False where nobody sees it.
  begin(startS, lengthS) {
    const { canvas } = this;
    const { clientWidth: widthPx, clientHeight: heightPx } = canvas;
    if (!widthPx) return false;
    const scale = window.devicePixelRatio || 1;
    canvas.width = Math.round(widthPx * scale);
    canvas.height = Math.round(heightPx * scale);
    this.pen = canvas.getContext("2d");
    this.pen.scale(scale, scale);
    this.xOf = (timeS) => ((timeS - startS) / lengthS) * widthPx;
    if (!this.painter) {
      this.painter = new NotePainter();
      this.colours = readColours(["line", "panel", "now", "pedal-sustain"]);
    }
    Object.assign(this, { startS, widthPx, heightPx });
    return true;
  }

  // Paints a line below each C, what sounds in the span, and the sustain pedal below all keys.
  paint(notes, pedals, [lowest, highest]) {
    const { pen, xOf } = this;
    const isInView = ({ offset }) => offset >= this.startS;
    const keyPx = (this.heightPx - PEDAL_PX) / (highest - lowest + 1);
    const yOf = (key) => (highest - key) * keyPx;
    pen.fillStyle = this.colours.line;
    for (let key = Math.ceil(lowest / OCTAVE_KEYS) * OCTAVE_KEYS; key <= highest; key += OCTAVE_KEYS) {
      pen.fillRect(0, Math.round(yOf(key - 1)), this.widthPx, 1);
    }
    this.painter.paint(pen, notes.filter(isInView), boxesOfNotes({
      xOf,
      yOf,
      heightPx: Math.max(LOWEST_NOTE_PX, keyPx - 1),
      shortestPx: SHORTEST_NOTE_PX,
    }));
    pen.fillStyle = this.colours["pedal-sustain"];
    for (const { onset, offset } of pedals.filter(({ controller }) => controller === SUSTAIN).filter(isInView)) {
      pen.fillRect(xOf(onset), this.heightPx - PEDAL_PX + 2, xOf(offset) - xOf(onset), PEDAL_PX - 2);
    }
  }
}
