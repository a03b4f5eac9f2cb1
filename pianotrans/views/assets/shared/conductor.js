// Tempo, bars and keys of a MIDI file, and its clock: what `pianotrans.events.conductor` holds. All are lists of
// [tick, …]; a tempo is in microseconds a quarter note, the first one from tick 0 on.

import { lastBefore } from "./performance.js";
import { roundEven } from "./rounding.js";
import { PARTS_PER_QUARTER, TICKS_PER_QUARTER, barLines, withLeadIn } from "./tempo_map.js";

const UNITS_PER_S = 1_000_000 * TICKS_PER_QUARTER; // a tick has as many units as a quarter has microseconds
const LONGEST_TICKS = 16 * TICKS_PER_QUARTER; // with one tempo: what is lost in rounding grows with them
const SLOWEST_US = 0xffffff; // a quarter note

export const STEADY = { tempi: [[0, 500_000]], time_signatures: [], key_signatures: [] }; // 120 a minute, no bars

// The ticks of a TempoMap, from 0 s on, with a tempo for each of its positions, or for each bar. Throws RangeError for a
// tempo that MIDI cannot hold.
export function conduct(map, isPerBar = false) {
  const whole = withLeadIn(map);
  const signatures = whole.writtenTimeSignatures();
  const atTick = ([position, ...rest]) => [tickOf(position), ...rest];
  return {
    tempi: tempiOf(isPerBar && signatures.length ? byBars(whole, signatures) : whole),
    time_signatures: signatures.map(atTick),
    key_signatures: whole.keySignatures.map(atTick),
  };
}

// A steady tempo in every bar; that of the last bar holds to the end.
function byBars(map, signatures) {
  const lines = barLines(map, signatures);
  const end = map.positions.at(-1);
  if (lines.length < 2 || lines.at(-1) < end) lines.push(end);
  return { positions: lines, timesS: lines.map((line) => map.timeAt(line)) };
}

const tickOf = (position) => roundEven((position * TICKS_PER_QUARTER) / PARTS_PER_QUARTER);

// What is lost in rounding one tempo is made good in the next.
function tempiOf({ positions, timesS }) {
  const ticks = positions.map(tickOf);
  const tempi = [];
  let elapsed = 0; // in units
  for (let i = 1; i < ticks.length; i += 1) {
    const [begin, end] = [ticks[i - 1], ticks[i]];
    for (let start = begin; start < end; start += LONGEST_TICKS) {
      const stop = Math.min(start + LONGEST_TICKS, end);
      const stopS = timesS[i - 1] + ((timesS[i] - timesS[i - 1]) * (stop - begin)) / (end - begin);
      const us = Math.max(roundEven((stopS * 1_000_000 * TICKS_PER_QUARTER - elapsed) / (stop - start)), 1);
      if (us > SLOWEST_US) throw new RangeError(`a quarter note of ${(us / 1e6).toFixed(1)} s is too long for MIDI`);
      elapsed += us * (stop - start);
      tempi.push([start, us]);
    }
  }
  return tempi;
}

// Seconds → the nearest tick, as a reader of the file counts them.
export class Clock {
  constructor(tempi) {
    let units = 0;
    this.stretches = tempi.map(([tick, rate], i) => {
      if (i) units += (tick - tempi[i - 1][0]) * tempi[i - 1][1];
      return { tick, rate, onset: units };
    });
  }

  secondsAt(tick) {
    const { tick: begin, rate, onset } = this.stretches.findLast((stretch) => stretch.tick <= tick);
    return (onset + (tick - begin) * rate) / UNITS_PER_S;
  }

  tickAt(seconds) {
    const { tick, rate, onset } = this.stretches[Math.max(0, lastBefore(this.stretches, seconds * UNITS_PER_S))];
    return roundEven(tick + (seconds - onset / UNITS_PER_S) * (UNITS_PER_S / rate));
  }
}

// The events of the first track as [tick, message]. A file lasts as long as its longest track, so none is behind it.
export function conductorEvents({ tempi, time_signatures, key_signatures }, end) {
  const events = [
    ...tempi.map(([tick, us]) => [tick, [0xff, 0x51, 3, (us >> 16) & 0xff, (us >> 8) & 0xff, us & 0xff]]),
    ...time_signatures.map(([tick, numerator, denominator]) =>
      [tick, [0xff, 0x58, 4, numerator, Math.log2(denominator), 24, 8]]),
    ...key_signatures.map(([tick, fifths, mode]) => [tick, [0xff, 0x59, 2, fifths & 0xff, mode === "minor" ? 1 : 0]]),
  ];
  return events.filter(([tick]) => tick === 0 || tick < end).sort((a, b) => a[0] - b[0]);
}
