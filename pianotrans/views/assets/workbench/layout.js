// Whole bars from beats, and their musical time, as `pianotrans.score.bars` and `Score.tempo_map` make them of given
// beats.

import { roundEven } from "../shared/rounding.js";
import { PARTS_PER_QUARTER, TempoMap } from "../shared/tempo_map.js";

const LONGEST_BEAT_S = 3.6; // a longer pause has beats that nobody gave
const MOST_METER_BEATS = 8;
const EARLY = 0.4; // of a beat: an onset this much before the first beat still belongs to it

// Bars that cover all from one onset to another: { onsets, bars }. `onsets` are those of all beats, the last one ends
// the last bar; bars are { number, firstBeat, nBeats, meterBeats }, the number of a pickup is 0. Two beats are needed.
export function layOutBars(beats, firstS, lastS) {
  return cutIntoBars(extended(withoutGaps(placesOf(beats)), firstS, lastS));
}

// For each beat its place in its bar, and how many beats that has.
function placesOf(beats) {
  const starts = beats.flatMap(({ isDownbeat }, i) => (isDownbeat ? [i] : []));
  const nPickup = starts[0] ?? beats.length;
  const lengthOf = (bar) => (starts[bar + 1] ?? beats.length) - starts[bar];
  const nFirst = Math.max(nPickup + 1, starts.length > 0 ? lengthOf(0) : 0); // a pickup ends a bar like the first
  let bar = -1;
  return beats.map(({ onset, isDownbeat }, i) => {
    if (isDownbeat) bar += 1;
    if (bar < 0) return { onset, position: nFirst - nPickup + i, nBeats: nFirst };
    return { onset, position: i - starts[bar], nBeats: lengthOf(bar) };
  });
}

function withoutGaps(places) {
  const gaps = places.slice(1).map(({ onset }, i) => onset - places[i].onset);
  const usualS = median(gaps);
  return places.flatMap((place, i) => {
    const following = places[i + 1];
    if (!following) return [place];
    const isJoined = following.position === 0 || following.position === place.position + 1;
    const nSteps = isJoined && gaps[i] <= LONGEST_BEAT_S ? 1 : stepsOver(place, following, gaps[i] / usualS);
    const added = Array.from({ length: nSteps - 1 }, (_, k) => ({
      onset: place.onset + (gaps[i] * (k + 1)) / nSteps,
      position: (place.position + k + 1) % place.nBeats,
      nBeats: place.nBeats,
    }));
    return [place, ...added];
  });
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// How many beats a pause takes: so many that the bar behind it begins where it should.
function stepsOver(place, following, nBeats) {
  const aim = Math.max(1, roundEven(nBeats));
  let best = null;
  for (let n = 1; n < aim + place.nBeats; n += 1) {
    if ((place.position + n) % place.nBeats !== following.position) continue;
    if (best === null || Math.abs(n - nBeats) < Math.abs(best - nBeats)) best = n;
  }
  return best ?? aim;
}

const modulo = (n, divisor) => ((n % divisor) + divisor) % divisor;

function extended(places, firstS, lastS) {
  const [first, last] = [places[0], places.at(-1)];
  const at = (place, i, periodS) =>
    ({ onset: place.onset + i * periodS, position: modulo(place.position + i, place.nBeats), nBeats: place.nBeats });
  const beginS = places[1].onset - first.onset;
  const nBefore = Math.max(0, Math.ceil((first.onset - firstS) / beginS - EARLY));
  const endS = last.onset - places.at(-2).onset;
  const nMore = Math.max(0, Math.floor((lastS - last.onset) / endS + EARLY)) + 1;
  const nBehind = nMore + modulo(-(last.position + nMore), last.nBeats);
  return [
    ...Array.from({ length: nBefore }, (_, i) => at(first, i - nBefore, beginS)),
    ...places,
    ...Array.from({ length: nBehind }, (_, i) => at(last, i + 1, endS)),
  ];
}

function cutIntoBars(places) {
  const beats = places.slice(0, -1);
  const starts = beats.flatMap(({ position }, i) => (position === 0 ? [i] : []));
  if (starts[0] !== 0) starts.unshift(0);
  const firstNumber = beats[0].position ? 0 : 1;
  const bars = starts.map((firstBeat, i) => {
    const nBeats = (starts[i + 1] ?? beats.length) - firstBeat;
    const number = firstNumber + i;
    return { number, firstBeat, nBeats, meterBeats: number === 0 ? beats[firstBeat].nBeats : nBeats };
  });
  return { onsets: places.map(({ onset }) => onset), bars };
}

// "3/4" → { numerator, denominator, nBeats }; 6/8 has two beats.
export function readMeter(text) {
  const [numerator, denominator] = text.split("/").map(Number);
  const isCompound = numerator > 3 && numerator % 3 === 0;
  return { numerator, denominator, nBeats: isCompound ? numerator / 3 : numerator };
}

// "3/4,17:6/8" → [[1, meter], [17, meter]]
export const readMeters = (text) => text.split(",").map((part) => {
  const [meter, bar] = part.trim().split(":").reverse();
  return [Number(bar ?? 1), readMeter(meter)];
});

const inForce = (meters, number) => meters.findLast(([first]) => first <= Math.max(number, 1))[1];

// What is said of the meter, or nothing where more than half of the whole bars have other numbers of beats.
export function fittingMeters(meters, beats) {
  const starts = beats.flatMap(({ isDownbeat }, i) => (isDownbeat ? [i] : []));
  const lengths = starts.slice(1).map((start, i) => start - starts[i]);
  const isFitting = (n, i) => hasBeatsOf(inForce(meters, i + 1), n);
  return meters.length && 2 * lengths.filter(isFitting).length >= lengths.length ? meters : [];
}

export const hasBeatsOf = (meter, nBeats) => [meter.nBeats, meter.numerator].includes(nBeats);

// A time signature for each bar: as is said; else one that has as many beats, the one `known` for this bar if it has, or
// the first of them that has; else quarters. A bar that is too long for any goes on under the one before.
export function signaturesOf(bars, said, known = []) {
  if (said.length) return bars.map(({ number }) => inForce(said, number));
  const found = new Map(known.filter(Boolean).toReversed().map((meter) => [meter.nBeats, meter]));
  let last = readMeter("4/4");
  return bars.map(({ meterBeats: n }, i) => {
    const fresh = n > MOST_METER_BEATS ? last : found.get(n) ?? { numerator: n, denominator: 4, nBeats: n };
    last = known[i] && hasBeatsOf(known[i], n) ? known[i] : fresh;
    return last;
  });
}

// Where each beat, bar and key lies in time. `keys` are [seconds, fifths, mode], each from the bar at that time on.
export function tempoMapOf({ onsets, bars }, signatures, keys = []) {
  const positions = [];
  const meters = [];
  const starts = [];
  let position = 0;
  bars.forEach((bar, i) => {
    const { numerator, denominator, nBeats } = signatures[i];
    const perBar = bar.meterBeats === numerator ? numerator : nBeats; // in 6/4 six beats may have been given
    const beat = (4 * PARTS_PER_QUARTER * numerator) / (denominator * perBar);
    const before = signatures[i - 1];
    const isNew = !before || before.numerator !== numerator || before.denominator !== denominator;
    if (isNew || (i === 1 && bars[0].number === 0)) meters.push([position, numerator, denominator]);
    starts.push(position);
    for (let k = 0; k < bar.nBeats; k += 1) positions.push(position + k * beat);
    position += bar.nBeats * beat;
  });
  const barAt = (timeS) => bars.findLastIndex(({ firstBeat }) => onsets[firstBeat] <= timeS + 1e-3);
  const placed = new Map(keys.map(([timeS, ...key], i) => [i ? starts[Math.max(0, barAt(timeS))] : 0, key]));
  const keySignatures = [...placed].map(([place, key]) => [place, ...key]);
  return new TempoMap([...positions, position], onsets, meters, keySignatures);
}
