// Notes as bars on a canvas: of the whole roll, and of the small picture that stands for a transcription.

import { readColours, readFaintest, readVelocityColours } from "./colours.js";

const N_SHADES = 32; // of confidence
const GAP_PX = 0.5; // between a note and the next of its key

// The lowest and the highest key to show: `margin` keys around the notes, and at least `nLeast` in all.
export function keyRange(notes, nLeast, margin) {
  const lowest = notes.reduce((key, note) => Math.min(key, note.key), notes.length ? 127 : 60) - margin;
  const highest = notes.reduce((key, note) => Math.max(key, note.key), notes.length ? 0 : 60) + margin;
  const missing = Math.max(0, nLeast - (highest - lowest + 1));
  const first = Math.max(0, Math.min(lowest - Math.floor(missing / 2), 128 - nLeast));
  return [first, Math.min(127, Math.max(highest, first + nLeast - 1))];
}

// What is not known, and what a reader has accepted, counts as sure.
export const sureness = (event) => (event.isAccepted ? 1 : event.confidence ?? 1);

// Paints notes in the colours of the theme: by velocity or by hand, and paler where the confidence is lower.
export class NotePainter {
  constructor({ byHand = false } = {}) {
    this.velocityColours = readVelocityColours();
    const { quiet, "right-hand": right, "left-hand": left } = readColours(["quiet", "right-hand", "left-hand"]);
    this.handColours = [quiet, right, left]; // the first is for notes of no hand
    this.faintest = readFaintest();
    this.byHand = byHand;
  }

  colourOf(note) { return this.byHand ? this.handColours[note.hand ?? 0] : this.velocityColours[note.velocity]; }

  // Of its key while it sounds.
  lightOf(note) { return note.hand ? this.handColours[note.hand] : this.velocityColours[note.velocity]; }

  // `boxOf` gives [x, y, width, height] of a note. Notes are put together by colour and opacity first: one change of colour
  // for each of many notes would be slow.
  paint(pen, notes, boxOf) {
    const shades = new Map();
    for (const note of notes) {
      const colour = this.byHand ? note.hand ?? 0 : note.velocity;
      const shade = colour * (N_SHADES + 1) + Math.round(sureness(note) * N_SHADES);
      if (!shades.has(shade)) shades.set(shade, []);
      shades.get(shade).push(note);
    }
    for (const [shade, same] of shades) {
      pen.fillStyle = this.colourOf(same[0]);
      pen.globalAlpha = this.faintest + ((1 - this.faintest) * (shade % (N_SHADES + 1))) / N_SHADES;
      for (const note of same) {
        const [x, y, widthPx, noteHeightPx] = boxOf(note); // spread into the call, it takes twice as long
        pen.fillRect(x, y, widthPx, noteHeightPx);
      }
    }
    pen.globalAlpha = 1;
  }
}

// The boxes of notes: `xOf` takes seconds, `yOf` a key to the top of its row.
export const boxesOfNotes = ({ xOf, yOf, heightPx, shortestPx }) => ({ onset, offset, key }) => {
  const x = xOf(onset);
  return [x, yOf(key), Math.max(shortestPx, xOf(offset) - x - GAP_PX), heightPx];
};
