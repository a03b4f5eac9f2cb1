// Bars and beats: where they lie in time, and how they stand behind the notes.

import { lastBefore } from "./performance.js";

export const BAR_COLOURS = ["ink", "bar-line", "beat-line", "doubt"];
const DOUBTFUL = 0.5; // confidence below which a bar is shaded
const STEPS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
const CLOSEST_PX = { number: 44, line: 9, beat: 14 };

export class Bars {
  // From the data of a score, or from null for none.
  constructor(score) { this.read(score); }

  // Another score takes the place of the one before.
  read(score) {
    this.score = score;
    this.list = (score?.bars ?? []).map(([number, onset, end, meter, confidence], index) =>
      ({ index, number, onset, end, meter, isDoubtful: confidence < DOUBTFUL }));
    this.beats = (score?.beats ?? []).map(([onset, isDownbeat]) => ({ onset, isDownbeat: isDownbeat === 1 }));
    this.list.forEach((bar, i) => { bar.isNewMeter = bar.meter !== this.list[i - 1]?.meter; });
    this.hasDoubtful = this.list.some((bar) => bar.isDoubtful);
  }

  // The bar that is played at a time: the first one before it begins, the last one after it ended. None is null.
  at(timeS) { return this.list[Math.max(0, lastBefore(this.list, timeS))] ?? null; }

  between(events, startS, endS) {
    return events.slice(Math.max(0, lastBefore(events, startS)), lastBefore(events, endS) + 1);
  }

  // How long one usually lasts.
  get barS() { return (this.list.at(-1).end - this.list[0].onset) / this.list.length; }
  get beatS() { return (this.beats.at(-1).onset - this.beats[0].onset) / Math.max(1, this.beats.length - 1); }
}

// As many lines as have room; a doubtful bar has another ground and a question mark.
export function paintBars(pen, bars, theme, { startS, endS, xOf, pixelsPerS, topPx, bottomPx }) {
  if (!bars.list.length) return;
  const barPx = bars.barS * pixelsPerS;
  const stepOf = (closestPx) => STEPS.find((step) => step * barPx >= closestPx) ?? STEPS.at(-1);
  const inView = bars.between(bars.list, startS, endS);
  pen.fillStyle = theme.doubt;
  for (const bar of inView) {
    if (bar.isDoubtful) pen.fillRect(xOf(bar.onset), 0, xOf(bar.end) - xOf(bar.onset), bottomPx);
  }
  if (bars.beats.length && bars.beatS * pixelsPerS >= CLOSEST_PX.beat) {
    pen.fillStyle = theme["beat-line"];
    for (const beat of bars.between(bars.beats, startS, endS)) {
      if (!beat.isDownbeat) pen.fillRect(Math.round(xOf(beat.onset)), topPx, 1, bottomPx - topPx);
    }
  }
  const lineStep = stepOf(CLOSEST_PX.line);
  const numberStep = stepOf(CLOSEST_PX.number);
  pen.font = "11px system-ui, sans-serif";
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  let freePx = -Infinity; // where the next number may stand
  for (const bar of inView) {
    const x = Math.round(xOf(bar.onset)); // a line between two pixels would be a pale one
    const isNumbered = ((bar.number - 1) % numberStep === 0 || bar.isNewMeter) && x >= freePx;
    if (isNumbered || (bar.number - 1) % lineStep === 0) {
      pen.fillStyle = theme["bar-line"];
      pen.fillRect(x, isNumbered ? 0 : topPx, 1, bottomPx - (isNumbered ? 0 : topPx));
    }
    if (!isNumbered) continue;
    const text = `${bar.number}${bar.isDoubtful ? "?" : ""}${bar.isNewMeter ? `  ${bar.meter}` : ""}`;
    pen.fillStyle = theme.ink;
    pen.fillText(text, x + 4, topPx / 2);
    freePx = x + pen.measureText(text).width + 12;
  }
}
