// The waveform of the recording, as a lane of the piano roll. A click or a drag on it moves the present.

import { bytesOf } from "../shared/base64.js";
import { KEYBOARD_PX } from "../shared/roll_layout.js";
import { t } from "../shared/texts.js";

const WAVE_PX = 46;
const MARGIN_PX = 3;

export class Waveform {
  name = "waveform";
  heightPx = WAVE_PX;

  // `peaks` has one byte a peak: 255 times the square root of its amplitude.
  constructor({ peaks, peaks_per_s: peaksPerS }, { roll, goTo }) {
    this.peaks = bytesOf(peaks);
    this.peaksPerS = peaksPerS;
    this.loudest = Math.max(1, this.peaks.reduce((most, peak) => Math.max(most, peak), 0));
    roll.addLane(this);
    const toThere = (at) => goTo(at.timeS);
    roll.addTool({
      order: 50,
      begin: (at) => (at.part === this.name && at.x > KEYBOARD_PX ? { click: toThere, move: toThere, holdsView: true } : null),
      cursor: (at) => (at.part === this.name && at.x > KEYBOARD_PX ? "text" : null),
    });
  }

  get label() { return t("listen.waveform"); }

  // A column of every pixel, as high as its loudest peak; what was played is in the colour of the page.
  paint(pen, roll, topPx) {
    const middlePx = topPx + WAVE_PX / 2;
    const played = new Path2D();
    const coming = new Path2D();
    const peakAt = (x) => Math.floor((roll.timeAt(x) - roll.firstS) * this.peaksPerS);
    const nowPx = roll.xOf(roll.nowS);
    for (let x = KEYBOARD_PX; x < roll.widthPx; x += 1) {
      const first = peakAt(x);
      const end = Math.max(first + 1, peakAt(x + 1));
      if (first >= this.peaks.length) break;
      let highest = 0;
      for (let i = first; i < end; i += 1) highest = Math.max(highest, this.peaks[i] ?? 0);
      const halfPx = Math.max(0.5, (highest / this.loudest) * (WAVE_PX / 2 - MARGIN_PX));
      (x < nowPx ? played : coming).rect(x, middlePx - halfPx, 1, 2 * halfPx);
    }
    pen.fillStyle = roll.theme.line;
    pen.fillRect(KEYBOARD_PX, topPx, roll.widthPx, 1);
    pen.globalAlpha = 0.75;
    pen.fillStyle = roll.theme.accent;
    pen.fill(played);
    pen.globalAlpha = 0.5;
    pen.fillStyle = roll.theme.quiet;
    pen.fill(coming);
  }
}
