// Tempo, bars and keys of a MIDI file, and its clock: what `pianotrans.events.conductor` holds. All are lists of
// [tick, …]; a tempo is in microseconds a quarter note, the first one from tick 0 on.

import { lastBefore } from "./performance.js";

const TICKS_PER_QUARTER = 960;
const UNITS_PER_S = 1_000_000 * TICKS_PER_QUARTER; // a tick has as many units as a quarter has microseconds

export const STEADY = { tempi: [[0, 500_000]], time_signatures: [], key_signatures: [] }; // 120 a minute, no bars

// Seconds → the nearest tick, as a reader of the file counts them.
export class Clock {
  constructor(tempi) {
    let units = 0;
    this.stretches = tempi.map(([tick, rate], i) => {
      if (i) units += (tick - tempi[i - 1][0]) * tempi[i - 1][1];
      return { tick, rate, onset: units };
    });
  }

  tickAt(seconds) {
    const { tick, rate, onset } = this.stretches[Math.max(0, lastBefore(this.stretches, seconds * UNITS_PER_S))];
    return roundEven(tick + (seconds - onset / UNITS_PER_S) * (UNITS_PER_S / rate));
  }
}

// The events of the first track as [tick, message]. A file lasts as long as its longest track, so none is behind its end.
export function conductorEvents({ tempi, time_signatures, key_signatures }, end) {
  const events = [
    ...tempi.map(([tick, us]) => [tick, [0xff, 0x51, 3, (us >> 16) & 0xff, (us >> 8) & 0xff, us & 0xff]]),
    ...time_signatures.map(([tick, numerator, denominator]) =>
      [tick, [0xff, 0x58, 4, numerator, Math.log2(denominator), 24, 8]]),
    ...key_signatures.map(([tick, fifths, mode]) => [tick, [0xff, 0x59, 2, fifths & 0xff, mode === "minor" ? 1 : 0]]),
  ];
  return events.filter(([tick]) => tick === 0 || tick < end).sort((a, b) => a[0] - b[0]);
}

// Rounds half to even, as Python does.
function roundEven(exact) {
  const below = Math.floor(exact);
  if (exact - below !== 0.5) return Math.round(exact);
  return below % 2 ? below + 1 : below;
}
