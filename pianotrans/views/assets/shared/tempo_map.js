// Musical time, as `pianotrans.events.tempo_map` and `lead_in` hold it. Positions are whole numbers: 20160 to a quarter
// note, which beats of two, three, five, six, seven and nine parts divide.

import { roundEven } from "./rounding.js";

export const PARTS_PER_QUARTER = 20_160; // 2⁶ · 3² · 5 · 7
export const TICKS_PER_QUARTER = 960; // of MIDI files
const FINEST_QUARTER = 1 / 16; // a shorter lead-in is left out
const MOST_UNLIKE = 2; // how many times faster or slower than the music whole bars may be
const FINEST_DENOMINATOR = 64;

const barParts = (numerator, denominator) => (4 * PARTS_PER_QUARTER * numerator) / denominator;

// `positions` begin at 0, `timesS` are when they are played; the tempo is steady between two of them, and goes on
// beyond both ends. `timeSignatures` are [position, numerator, denominator], `keySignatures` [position, fifths, mode].
export class TempoMap {
  constructor(positions, timesS, timeSignatures = [], keySignatures = []) {
    Object.assign(this, { positions, timesS, timeSignatures, keySignatures });
  }

  quarterAt(timeS) {
    const { quarter, startS, seconds } = this.stretchAt(countUpTo(this.timesS, timeS));
    return quarter + (timeS - startS) / seconds;
  }

  timeAt(position) {
    const { quarter, startS, seconds } = this.stretchAt(countUpTo(this.positions, position));
    return startS + (position / PARTS_PER_QUARTER - quarter) * seconds;
  }

  // Behind the first `n` positions.
  stretchAt(n) {
    const i = Math.min(Math.max(n - 1, 0), this.positions.length - 2);
    const [quarter, next] = [this.positions[i] / PARTS_PER_QUARTER, this.positions[i + 1] / PARTS_PER_QUARTER];
    return { quarter, startS: this.timesS[i], seconds: (this.timesS[i + 1] - this.timesS[i]) / (next - quarter) };
  }

  // Those that give every bar its true length: a short one has a time signature of its own, if there is one.
  writtenTimeSignatures() {
    const all = this.timeSignatures.flatMap(([position, numerator, denominator], i) => {
      const bar = barParts(numerator, denominator);
      const following = this.timeSignatures[i + 1];
      const nBars = following ? Math.floor((following[0] - position) / bar) : 1;
      const rest = following ? following[0] - position - nBars * bar : 0;
      const short = signatureOf(rest, denominator) ?? [numerator, denominator];
      const [full, last] = [[position, numerator, denominator], [position + nBars * bar, ...short]];
      return [...(nBars ? [full] : []), ...(rest ? [last] : [])];
    });
    return all.filter(([, ...meter], i) => i === 0 || `${meter}` !== `${all[i - 1].slice(1)}`);
  }
}

// The positions at which bars begin under these time signatures, as far as the map goes.
export function barLines({ positions }, signatures) {
  const last = positions.at(-1) + PARTS_PER_QUARTER / TICKS_PER_QUARTER;
  return signatures.flatMap(([position, numerator, denominator], i) => {
    const end = Math.min(signatures[i + 1]?.[0] ?? last, last);
    const nBars = Math.max(0, Math.ceil((end - position) / barParts(numerator, denominator)));
    return Array.from({ length: nBars }, (_, bar) => position + bar * barParts(numerator, denominator));
  });
}

// How many values of a list in order are at most this.
function countUpTo(values, value) {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

// The time signature of a bar of this length, with this denominator or the next finer one that fits.
function signatureOf(length, denominator) {
  for (let lower = denominator; lower <= FINEST_DENOMINATOR; lower *= 2) {
    const numerator = (length * lower) / (4 * PARTS_PER_QUARTER);
    if (Number.isInteger(numerator) && numerator <= 255) return [numerator, lower];
  }
  return null;
}

// The same map with position 0 at 0 s: silence before the first beat becomes whole bars where they fit, or a short one.
export function withLeadIn(map) {
  const reaching = reachPastZero(map);
  let first = countUpTo(reaching.timesS, 0);
  if (first && reaching.timesS[first - 1] === 0) first -= 1;
  const position = reaching.positions[first];
  const length = leadInParts(reaching, position);
  const positions = reaching.positions.slice(first).map((later) => length + later - position);
  const timesS = reaching.timesS.slice(first);
  if (length) {
    positions.unshift(0);
    timesS.unshift(0);
  }
  timesS[0] = 0;
  return new TempoMap(
    positions,
    timesS,
    movedTimeSignatures(reaching.timeSignatures, position, length),
    movedKeySignatures(reaching.keySignatures, position, length),
  );
}

// With another position or two, if fewer than two are behind 0 s.
function reachPastZero({ positions, timesS, timeSignatures, keySignatures }) {
  let map = new TempoMap(positions, timesS, timeSignatures, keySignatures);
  while (map.timesS.at(-2) <= 0) {
    const last = Math.trunc(map.positions.at(-1) / PARTS_PER_QUARTER);
    const next = (Math.max(last, Math.trunc(map.quarterAt(0))) + 1) * PARTS_PER_QUARTER;
    map = new TempoMap([...map.positions, next], [...map.timesS, map.timeAt(next)], timeSignatures, keySignatures);
  }
  return map;
}

// How much to put between 0 s and a position.
function leadInParts(map, position) {
  const natural = position / PARTS_PER_QUARTER - map.quarterAt(0); // in quarters
  if (natural < FINEST_QUARTER / 2) return 0;
  let unit = PARTS_PER_QUARTER;
  if (map.timeSignatures.length) {
    const [, numerator, denominator] = signatureInForce(map.timeSignatures, position);
    unit = (4 * PARTS_PER_QUARTER) / denominator;
    const [rest, bar] = [partsToBarLine(map.timeSignatures, position), numerator * unit];
    const nBars = roundEven((rest / PARTS_PER_QUARTER + natural) / (bar / PARTS_PER_QUARTER));
    const whole = (nBars * bar - rest) / PARTS_PER_QUARTER;
    if (natural / MOST_UNLIKE <= whole && whole <= natural * MOST_UNLIKE) return nBars * bar - rest;
  }
  while (natural <= unit / PARTS_PER_QUARTER / 2) unit /= 2; // half a unit would be rounded to none
  return roundEven(natural / (unit / PARTS_PER_QUARTER)) * unit;
}

const signatureInForce = (signatures, position) => signatures.findLast(([begin]) => begin <= position);

function partsToBarLine(signatures, position) {
  const [begin, numerator, denominator] = signatureInForce(signatures, position);
  const bar = barParts(numerator, denominator);
  const played = (position - begin) % bar;
  const following = signatures.find(([later]) => later > position);
  if (following && following[0] - position < bar - played) return following[0] - position;
  return (bar - played) % bar;
}

function movedTimeSignatures(signatures, position, length) {
  if (!signatures.length) return [];
  const shift = length - position;
  const barLine = position + partsToBarLine(signatures, position);
  const moved = new Map([[0, signatureInForce(signatures, position)]]);
  moved.set(barLine + shift, signatureInForce(signatures, barLine));
  for (const signature of signatures) if (signature[0] > barLine) moved.set(signature[0] + shift, signature);
  return [...moved].map(([place, [, numerator, denominator]]) => [place, numerator, denominator]);
}

function movedKeySignatures(signatures, position, length) {
  const before = signatures.filter(([place]) => place <= position).slice(-1);
  const behind = signatures.filter(([place]) => place > position);
  return [
    ...before.map(([, fifths, mode]) => [0, fifths, mode]),
    ...behind.map(([place, fifths, mode]) => [place - position + length, fifths, mode]),
  ];
}
