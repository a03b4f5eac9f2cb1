// The grid of beats: each function gives another list of [{ onset, isDownbeat, meter }], or the same one where there is
// nothing to do. `i` is the number of a beat in the list. A downbeat may have a `meter`, which holds from there on: it
// stays with its bar, however many are before it.

export const CLOSEST_BEATS_S = 0.1;
const MOST_BEATS = 8; // in a bar

// As far as its neighbours allow.
export function moveBeat(beats, i, onset) {
  const earliest = i > 0 ? beats[i - 1].onset + CLOSEST_BEATS_S : 0;
  const latest = i + 1 < beats.length ? beats[i + 1].onset - CLOSEST_BEATS_S : Infinity;
  if (earliest > latest) return beats;
  const moved = Math.min(Math.max(onset, earliest), latest);
  return moved === beats[i].onset ? beats : beats.with(i, { ...beats[i], onset: moved });
}

// A beat more in its bar, unless another one is too near.
export function insertBeat(beats, onset) {
  if (onset < 0 || beats.some((beat) => Math.abs(beat.onset - onset) < CLOSEST_BEATS_S)) return beats;
  const i = beats.findIndex((beat) => beat.onset > onset);
  return beats.toSpliced(i < 0 ? beats.length : i, 0, { onset, isDownbeat: false });
}

// Where a bar began there, it begins with the next beat. Two beats stay.
export function removeBeat(beats, i) {
  if (beats.length <= 2) return beats;
  const [gone, rest] = [beats[i], beats.toSpliced(i, 1)];
  const meter = rest[i]?.meter ?? gone.meter;
  return gone.isDownbeat && rest[i] ? rest.with(i, { ...rest[i], isDownbeat: true, meter }) : rest;
}

// A bar begins here, and the bars that follow are counted from it, each as long as it was.
export function beginBar(beats, i) {
  const [starts, lengths] = [barStarts(beats, i), barLengths(beats, i)];
  const meterOf = (bar) => (bar || starts[0] === i ? beats[starts[bar]]?.meter : null); // of a bar that is cut it goes on
  return counted(beats, i, (bar) => lengths[Math.min(bar, lengths.length - 1)], meterOf);
}

// So many beats a bar, from the bar of this beat on, and this meter.
export function setBeatsPerBar(beats, i, n, meter = null) {
  const nBeats = Math.min(Math.max(Math.round(n), 1), MOST_BEATS);
  return counted(beats, barStart(beats, i), () => nBeats, (bar) => (bar ? null : meter));
}

// Every other beat. Bars of four, six or eight beats keep their lines; of others, two become one.
export function halveTempo(beats) {
  if (beats.length < 4) return beats;
  const first = Math.max(0, beats.findIndex((beat) => beat.isDownbeat));
  const isWhole = usualBeatsPerBar(beats) % 2 === 0 && usualBeatsPerBar(beats) > 2;
  const halved = withoutMeters(beats).filter((_, i) => (i - first) % 2 === 0);
  return isWhole ? halved : counted(halved, Math.floor(first / 2), () => usualBeatsPerBar(beats));
}

// A beat more between any two. Bars of one or two beats keep their lines; others become two.
export function doubleTempo(beats) {
  const doubled = withoutMeters(beats).flatMap((beat, i) => {
    const following = beats[i + 1];
    return following ? [beat, { onset: (beat.onset + following.onset) / 2, isDownbeat: false }] : [beat];
  });
  const first = doubled.findIndex((beat) => beat.isDownbeat);
  const n = usualBeatsPerBar(beats);
  return n <= 2 || first < 0 ? doubled : counted(doubled, first, () => n);
}

// With as many more beats behind the last one as its bar lacks, which else would count as a short one.
export function completeLastBar(beats) {
  if (beats.length < 2) return beats;
  const last = barStart(beats, beats.length - 1);
  const nMore = barLengths(beats, last)[0] - (beats.length - last);
  const end = beats.at(-1).onset;
  const periodS = end - beats.at(-2).onset;
  const more = Array.from({ length: nMore }, (_, k) => ({ onset: end + (k + 1) * periodS, isDownbeat: false }));
  return nMore ? [...beats, ...more] : beats;
}

// The most frequent length of a bar; of two, the shorter.
export function usualBeatsPerBar(beats) {
  const counts = new Map();
  for (const n of barLengths(beats, 0).slice(0, -1)) counts.set(n, (counts.get(n) ?? 0) + 1);
  const usual = [...counts].sort(([n, count], [other, otherCount]) => otherCount - count || n - other)[0];
  return usual ? usual[0] : 4;
}

// The beat at which the bar of this one begins; 0 in a pickup.
function barStart(beats, i) {
  let start = i;
  while (start > 0 && !beats[start].isDownbeat) start -= 1;
  return start;
}

// Of the bar of a beat and all that follow.
function barStarts(beats, i) {
  const starts = [barStart(beats, i)];
  for (let k = starts[0] + 1; k < beats.length; k += 1) if (beats[k].isDownbeat) starts.push(k);
  return starts;
}

// Of the same bars. The last one may go on behind the last beat: it is as long as the others.
function barLengths(beats, i) {
  const starts = barStarts(beats, i);
  const lengths = starts.slice(1).map((start, k) => start - starts[k]);
  const before = lengths.at(-1) ?? (starts[0] > 0 ? barLengths(beats, starts[0] - 1)[0] : 4);
  return [...lengths, Math.max(before, beats.length - starts.at(-1))];
}

// The beats with bars counted from one on; `lengthOf` and `meterOf` take the number of a bar, which counts from 0.
function counted(beats, from, lengthOf, meterOf = () => null) {
  const meters = new Map(); // by the number of the beat where a bar begins
  for (let [start, bar] = [from, 0]; start < beats.length; bar += 1) {
    meters.set(start, meterOf(bar) ?? null);
    start += lengthOf(bar);
  }
  const fresh = beats.map((beat, i) => {
    if (i < from) return beat;
    const [isDownbeat, meter] = [meters.has(i), meters.get(i) ?? null];
    return beat.isDownbeat === isDownbeat && (beat.meter ?? null) === meter ? beat : { ...beat, isDownbeat, meter };
  });
  return fresh.every((beat, i) => beat === beats[i]) ? beats : fresh;
}

const withoutMeters = (beats) => beats.map((beat) => (beat.meter ? { ...beat, meter: null } : beat));
