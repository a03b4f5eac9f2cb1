// A piece that is being edited. It never changes: each function here gives a new piece, or the same one where there is
// nothing to do. `ids` are a Set or a list, of notes and pedals alike. Times are in seconds, once edited in whole
// microseconds, so that edits can be written down and give the very same piece again.
//
// piece = {
//   notes:  [{ id, onset, offset, key, velocity, confidence, hand, isAccepted, index }], in order of onset, then key
//   pedals: [{ id, onset, offset, controller, confidence, isAccepted, index }]
//   beats:  null | [{ onset, isDownbeat, meter }] null: as transcribed; `meter`, as "3/4", holds from a downbeat on
//   score:  { time_signature, key, swing, title } what the user said of it, as options of the command take it
//   dismissed: [id]                               candidates that are no notes, in order
//   origin: { notes, pedals, candidates, startS, durationS, title, digest }  the transcription
//   nextId: the number of the next event that is added
// }
// `hand` is 1 (right), 2 (left) or null, `index` the place in the transcription, or null for what was added.

import { keyName } from "../shared/format.js";
import { pick, reviseList } from "./event_list.js";
import { SHORTEST_S, isPedal, isSameEvent, toMicroseconds, trackOf } from "./events.js";

export const KEYS = { lowest: 21, highest: 108 };
const NOTE_FIELDS = ["onset", "offset", "key", "velocity", "hand", "isAccepted"];
const PEDAL_FIELDS = ["onset", "offset", "controller", "isAccepted"];

// Accepted events are sure. Null: unknown.
export const confidenceOf = (event) => (event.isAccepted ? 1 : event.confidence);

// As the score spells it where it knows the note, else with a sharp.
export function noteName(note, song) {
  const written = song.notes[note.index];
  return written && written.key === note.key ? written.name : keyName(note.key);
}

// The piece as transcribed, from a Performance.
export function pieceOf(song) {
  const notes = withIds(song.notes.map(({ onset, offset, key, velocity, confidence, hand }, index) =>
    ({ id: null, onset, offset, key, velocity, confidence, hand, isAccepted: false, index })));
  const pedals = withIds(song.pedals.map(({ onset, offset, controller, confidence }, index) =>
    ({ id: null, onset, offset, controller, confidence, isAccepted: false, index })));
  const candidates = withIds(song.candidates.map((candidate) => ({ id: null, ...candidate })));
  const { startS, durationS, title, digest } = song;
  const origin = { notes, pedals, candidates, startS, durationS, title, digest };
  return { notes, pedals, beats: null, score: {}, dismissed: [], origin, nextId: 1 };
}

// "60@12.345", then "60@12.345#2": the identity of an event in its transcription.
function withIds(events) {
  const counts = new Map();
  for (const event of events) {
    const id = `${trackOf(event)}@${event.onset.toFixed(3)}`;
    const n = (counts.get(id) ?? 0) + 1;
    counts.set(id, n);
    event.id = n > 1 ? `${id}#${n}` : id;
  }
  return events;
}

const picked = new WeakMap(); // by piece: the last ids that were asked for, and their events

// The notes and pedals with these ids, notes first. A Set that is asked for again, as in every frame of a drag, must not
// have been altered.
export function eventsOf(piece, ids) {
  const last = picked.get(piece);
  if (last?.ids === ids) return last.events;
  const { notes, pedals, origin } = piece;
  const wanted = new Set(ids);
  const events = [...pick(notes, origin.notes, wanted), ...pick(pedals, origin.pedals, wanted)];
  picked.set(piece, { ids, events });
  return events;
}

// The same shift for all, as far as all can go; pedals move in time alone.
export function moveEvents(piece, ids, by) {
  const { seconds, keys } = possibleShift(piece, ids, by);
  return revise(piece, eventsOf(piece, ids).map((event) => {
    const moved = { ...event, onset: event.onset + seconds, offset: event.offset + seconds };
    if (!isPedal(event)) moved.key += keys;
    return moved;
  }));
}

// How far all of these events can go together: they stay on the piano and behind the beginning.
export function possibleShift(piece, ids, { seconds = 0, keys = 0 }) {
  let [earliest, lowest, highest] = [Infinity, Infinity, -Infinity];
  for (const { onset, key } of eventsOf(piece, ids)) {
    if (onset < earliest) earliest = onset;
    if (key < lowest) lowest = key;
    if (key > highest) highest = key;
  }
  return {
    seconds: Math.max(seconds, Math.min(0, piece.origin.startS - earliest)),
    keys: Math.max(Math.min(keys, Math.max(0, KEYS.highest - highest)), Math.min(0, KEYS.lowest - lowest)),
  };
}

// Begin and end by so many seconds later; none becomes shorter than 10 ms.
export function stretchEvents(piece, ids, { onsetS = 0, offsetS = 0 }) {
  return setEvents(piece, ids, ({ onset, offset }) => ({
    ...(onsetS && { onset: Math.min(onset + onsetS, offset + offsetS - SHORTEST_S) }),
    ...(offsetS && { offset: offset + offsetS }),
  }));
}

// `fields` are some of onset, offset, key, velocity, hand, isAccepted, controller, or a function from an event to them.
// Values out of range become the nearest possible one; what an event does not have is passed over.
export function setEvents(piece, ids, fields) {
  const fieldsOf = typeof fields === "function" ? fields : () => fields;
  return revise(piece, eventsOf(piece, ids).map((event) => possible(event, fieldsOf(event), piece.origin.startS)));
}

export const scaleVelocity = (piece, ids, delta) =>
  setEvents(piece, ids, ({ velocity }) => ({ velocity: velocity + delta }));

export function removeEvents(piece, ids) {
  return revise(piece, [], { removed: new Set(ids) });
}

// Notes are { onset, offset, key } and perhaps velocity and hand. → [piece, ids]
export const addNotes = (piece, notes) => addEvents(piece, notes);

// Pedals are { onset, offset, controller }. → [piece, ids]
export const addPedals = (piece, pedals) => addEvents(piece, pedals);

function addEvents(piece, events) {
  const added = events.map((event, i) => {
    const blank = newEvent(event, piece.nextId + i);
    return possible(blank, blank, piece.origin.startS);
  });
  return [revise(piece, added, { nAdded: added.length }), added.map((event) => event.id)];
}

// What is added counts as sure.
export function newEvent({ onset, offset, key, velocity = 64, hand = null, controller }, number) {
  const what = controller === undefined ? { key, velocity, hand } : { controller };
  return { id: `+${number}`, onset, offset, ...what, confidence: null, isAccepted: true, index: null };
}

// Notes and pedals that last from before a time to after it become two, the second of which is new.
export function splitNotes(piece, ids, timeS) {
  const cut = eventsOf(piece, ids).filter(({ onset, offset }) =>
    timeS - onset >= SHORTEST_S && offset - timeS >= SHORTEST_S);
  const first = cut.map((event) => ({ ...event, offset: timeS }));
  const second = cut.map((event, i) => newEvent({ ...event, onset: timeS }, piece.nextId + i));
  return revise(piece, [...first, ...second], { nAdded: second.length });
}

// One event of all those of a key or pedal, from the first to the last of them; also of those between.
export function joinNotes(piece, ids) {
  const groups = new Map();
  for (const event of eventsOf(piece, ids)) {
    const track = `${isPedal(event)} ${trackOf(event)}`;
    if (!groups.has(track)) groups.set(track, []);
    groups.get(track).push(event);
  }
  const joined = [];
  const removed = new Set();
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    const [first, last] = [group[0], group.at(-1)];
    const others = (isPedal(first) ? piece.pedals : piece.notes).filter((event) =>
      event !== first && trackOf(event) === trackOf(first) && event.onset >= first.onset && event.onset <= last.onset);
    joined.push({ ...first, offset: others.reduce((end, event) => Math.max(end, event.offset), first.offset) });
    for (const event of others) removed.add(event.id);
  }
  return revise(piece, joined, { removed });
}

// Null: as transcribed.
export function setBeats(piece, beats) {
  const settled = beats && beats.map(({ onset, isDownbeat, meter = null }) =>
    ({ onset: toMicroseconds(onset), isDownbeat, meter }));
  return JSON.stringify(settled) === JSON.stringify(piece.beats) ? piece : { ...piece, beats: settled };
}

// Fields that are null are said no longer.
export function setScore(piece, fields) {
  const said = Object.entries({ ...piece.score, ...fields }).filter(([, value]) => value !== null);
  const nSaid = Object.keys(piece.score).length;
  const isSaid = said.length === nSaid && said.every(([name, value]) => piece.score[name] === value);
  return isSaid ? piece : { ...piece, score: Object.fromEntries(said) };
}

// These candidates are no notes.
export function dismissCandidates(piece, ids) {
  const gone = new Set([...piece.dismissed, ...ids]);
  const dismissed = piece.origin.candidates.map(({ id }) => id).filter((id) => gone.has(id));
  return dismissed.length === piece.dismissed.length ? piece : { ...piece, dismissed };
}

// What changed since, by identity: no event is ever altered in place.
export const isSamePiece = (one, other) =>
  one.beats === other.beats && one.score === other.score && one.dismissed === other.dismissed &&
  isSameList(one.notes, other.notes) && isSameList(one.pedals, other.pedals);

const isSameList = (one, other) =>
  one === other || (one.length === other.length && one.every((item, i) => item === other[i]));

const within = (value, low, high) => Math.min(Math.max(value, low), high);

// The event with some fields changed, each to the nearest possible value.
function possible(event, fields, startS) {
  const isGiven = (field) => fields[field] !== undefined;
  const changed = { ...event };
  for (const field of isPedal(event) ? PEDAL_FIELDS : NOTE_FIELDS) {
    if (isGiven(field)) changed[field] = fields[field];
  }
  if (event.index === null) changed.isAccepted = true;
  if (!isPedal(event) && isGiven("velocity")) changed.velocity = within(Math.round(changed.velocity), 1, 127);
  if (!isPedal(event) && isGiven("key")) changed.key = within(Math.round(changed.key), KEYS.lowest, KEYS.highest);
  if (isGiven("onset") && !isGiven("offset")) changed.onset = Math.min(changed.onset, changed.offset - SHORTEST_S);
  if (isGiven("onset")) changed.onset = Math.max(changed.onset, startS);
  if (isGiven("offset")) changed.offset = Math.max(changed.offset, changed.onset + SHORTEST_S);
  return changed;
}

// The piece with these events in place of those of the same id, or new; none of one key or pedal overlap.
export function revise(piece, events, { removed = new Set(), nAdded = 0 } = {}) {
  const settled = events.map((event) => settle(piece.origin, event));
  const { origin } = piece;
  const notes = reviseList(piece.notes, origin.notes, settled.filter((event) => !isPedal(event)), removed);
  const pedals = reviseList(piece.pedals, origin.pedals, settled.filter(isPedal), removed);
  if (notes === piece.notes && pedals === piece.pedals) return piece;
  return { ...piece, notes, pedals, nextId: piece.nextId + nAdded };
}

// A copy that was made of an event, in whole microseconds; the transcribed one itself if it is back where it was.
function settle(origin, copy) {
  const was = copy.index === null ? null : (isPedal(copy) ? origin.pedals : origin.notes)[copy.index];
  const settleTime = (timeS, wasS) => {
    const settledS = toMicroseconds(timeS);
    return was && toMicroseconds(wasS) === settledS ? wasS : settledS;
  };
  copy.onset = settleTime(copy.onset, was?.onset);
  copy.offset = settleTime(copy.offset, was?.offset);
  if (copy.offset <= copy.onset) copy.offset = toMicroseconds(copy.onset + SHORTEST_S);
  return was && isSameEvent(copy, was) ? was : copy;
}
