// The last seconds of a preview as a roll: now at its right edge, above it the level in the same scale of time.

import { readColours } from "./shared/colours.js";
import { NotePainter, boxesOfNotes, keyRange } from "./shared/notes.js";
import { SUSTAIN } from "./shared/performance.js";
import { t } from "./shared/texts.js";

const FEWEST_KEYS = 48;
const MARGIN_KEYS = 2;
const PEDAL_PX = 8;
const SHORTEST_NOTE_PX = 2;

export class PreviewRoll {
  constructor(canvas, viewS) {
    Object.assign(this, { canvas, viewS });
    addEventListener("themechange", () => { this.painter = this.pedalColour = null; });
  }

  // `nowS` is the time of the recording at the right edge.
  paint({ notes, pedals, keys, nNotes, heardS }, nowS) {
    const { canvas, viewS } = this;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width) return;
    const scale = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.setAttribute("aria-label", t("page.preview_notes", { n: nNotes }));
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    this.painter ??= new NotePainter();
    this.pedalColour ??= readColours(["pedal-sustain"])["pedal-sustain"];
    const startS = nowS - viewS;
    const inView = (all) => all.map((one) => ({ ...one, offset: one.offset ?? heardS })).filter(({ offset }) => offset >= startS);
    const xOf = (timeS) => ((timeS - startS) / viewS) * width;
    const [lowest, highest] = keyRange([...keys].map((key) => ({ key })), FEWEST_KEYS, MARGIN_KEYS); // of all that were played
    const keyPx = (height - PEDAL_PX) / (highest - lowest + 1);
    this.painter.paint(pen, inView(notes), boxesOfNotes({
      xOf,
      yOf: (key) => (highest - key) * keyPx,
      heightPx: Math.max(2, keyPx - 0.5),
      shortestPx: SHORTEST_NOTE_PX,
    }));
    pen.fillStyle = this.pedalColour;
    for (const { onset, offset, controller } of inView(pedals)) {
      if (controller === SUSTAIN) pen.fillRect(xOf(onset), height - PEDAL_PX + 2, xOf(offset) - xOf(onset), PEDAL_PX - 2);
    }
  }
}
