// The last seconds of a preview as a roll: now at its right edge, above it the level in the same scale of time.

import { PlainRoll } from "./plain_roll.js";
import { keyRange } from "./shared/notes.js";
import { t } from "./shared/texts.js";

const FEWEST_KEYS = 48;
const MARGIN_KEYS = 2;

export class PreviewRoll {
  constructor(canvas, viewS) {
    Object.assign(this, { canvas, viewS });
    this.roll = new PlainRoll(canvas);
  }

  // `nowS` is the time of the recording at the right edge.
  paint({ notes, pedals, keys, nNotes, heardS }, nowS) {
    if (!this.roll.begin(nowS - this.viewS, this.viewS)) return;
    this.canvas.setAttribute("aria-label", t("page.preview_notes", { n: nNotes }));
    const soFar = (all) => all.map((one) => ({ ...one, offset: one.offset ?? heardS }));
    const range = keyRange([...keys].map((key) => ({ key })), FEWEST_KEYS, MARGIN_KEYS); // of all that were played
    this.roll.paint(soFar(notes), soFar(pedals), range);
  }
}
