// Fits notes and pedals to what plays or shows them, as `pianotrans.events.fitting` does: the same settings by the same
// names, and ends that are the same to the last bit.

import { grouped } from "./midi.js";
import { SUSTAIN } from "./performance.js";

export function fit({ notes, pedals }, { durations, pedal = true, max_duration_s, repeat_gap_s, pedal_lift_s } = {}) {
  let fitted = { notes, pedals: pedals.toSorted((a, b) => a.onset - b.onset || a.offset - b.offset) };
  if (durations === "sounding") fitted = extendByPedal(fitted);
  if (!pedal) fitted.pedals = [];
  if (max_duration_s) fitted.notes = fitted.notes.map((note) => until(note, note.onset + max_duration_s));
  if (repeat_gap_s) fitted.notes = withGaps(fitted.notes, repeat_gap_s);
  if (pedal_lift_s) fitted.pedals = withPedalLifts(fitted.pedals, pedal_lift_s);
  fitted.notes = fitted.notes.toSorted(inOrder);
  return fitted;
}

// The options by which settings differ from the defaults, as the command line takes them.
export function optionsOf(settings) {
  const { durations, pedal = true, repeat_gap_s, max_duration_s, pedal_lift_s } = settings;
  const { receiver, format, hands, tempo_per } = settings;
  const times = { "--repeat-gap": repeat_gap_s, "--max-duration": max_duration_s, "--pedal-lift": pedal_lift_s };
  return [
    ...(durations === "sounding" ? ["--durations sounding"] : []),
    ...(pedal ? [] : ["--no-pedal"]),
    ...Object.entries(times).filter(([, seconds]) => seconds).map(([option, seconds]) => `${option} ${seconds}`),
    ...(receiver ? [`--for ${receiver}`] : []),
    ...(format === 0 ? ["--midi-format 0"] : []),
    ...(hands ? ["--hands"] : []),
    ...(tempo_per === "bar" ? ["--tempo-per bar"] : []),
  ];
}

const inOrder = (a, b) => a.onset - b.onset || a.key - b.key || a.offset - b.offset || a.velocity - b.velocity;

const until = (event, latest) => (event.onset < latest && latest < event.offset ? { ...event, offset: latest } : event);

function extendByPedal({ notes, pedals }) {
  const held = mergedSpans(pedals.filter(({ controller }) => controller === SUSTAIN));
  const struckNext = new Map(); // key → [its next onset, the onset after that one]
  const extended = notes.toReversed().map((note) => {
    let { offset } = note;
    const span = held[countBefore(held, offset) - 1]; // the last that went down before the key was released
    if (span) offset = Math.max(offset, span.offset);
    let [following, later] = struckNext.get(note.key) ?? [Infinity, Infinity];
    if (following > note.onset) struckNext.set(note.key, [note.onset, following]);
    else following = later; // same onset: both end at the next one
    offset = Math.min(offset, following);
    return offset === note.offset ? note : { ...note, offset };
  });
  return { notes: extended.reverse(), pedals: pedals.filter(({ controller }) => controller !== SUSTAIN) };
}

// Overlapping spans as one; those that only touch stay apart.
function mergedSpans(events) {
  const spans = [];
  for (const { onset, offset } of events) {
    const last = spans.at(-1);
    if (last && onset < last.offset) last.offset = Math.max(last.offset, offset);
    else spans.push({ onset, offset });
  }
  return spans;
}

// How many of the spans, in order of onset, begin before a time.
function countBefore(spans, time) {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle].onset < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function withGaps(notes, gap) {
  return [...grouped(notes, ({ key }) => key).values()].flatMap((ofKey) =>
    ofKey.map((note, i) => {
      let j = i + 1;
      while (j < ofKey.length && ofKey[j].onset <= note.onset) j += 1;
      const following = ofKey[j]?.onset ?? Infinity;
      return until(note, Math.max(following - gap, (note.onset + following) / 2));
    }));
}

function withPedalLifts(pedals, lift) {
  return [...grouped(pedals, ({ controller }) => controller).values()].flatMap((strokes) => {
    const kept = [];
    for (const stroke of strokes) {
      const last = kept.at(-1);
      const latest = stroke.onset - lift;
      if (!last || stroke.onset - last.offset >= lift) kept.push(stroke);
      else if (stroke.onset >= last.offset && latest - last.onset >= lift) kept.splice(-1, 1, until(last, latest), stroke);
      else kept[kept.length - 1] = { ...last, offset: Math.max(last.offset, stroke.offset) };
    }
    return kept;
  });
}
