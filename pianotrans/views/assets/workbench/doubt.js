// What is doubtful in a piece, and what can be done about it: notes that are not sure, and candidates, which were nearly
// written. A doubt is { id, note | candidate, onset, offset, key, sureness }, a choice is { name, apply(piece) } with the
// probability of what it says where the model knows it, and `offset` or `key` if it changes that.

import { lastBefore } from "../shared/performance.js";
import { addNotes, dismissCandidates, removeEvents, setEvents } from "./piece.js";

const OCTAVE_KEYS = 12;
const SAME_ONSET_S = 0.07; // three frames of the model
const TOGETHER_S = 0.05;
const ROUNDING_S = 1e-4;

// How sure each note is as a whole and where else it may end, from the data of the report; there may be none.
export const readDoubt = (data) => (data?.notes ?? []).map(([sureness, ...others]) =>
  ({ sureness, others: others.map(([offset, probability]) => ({ offset, probability })) }));

// The candidates that are still open: not dismissed, and no note of their key begins with them or while they sound. In
// order of onset.
export function openCandidates(piece) {
  const { notes } = piece;
  const dismissed = new Set(piece.dismissed);
  const isFree = ({ key, onset, offset }) => {
    const endS = Math.max(onset + TOGETHER_S, offset - ROUNDING_S);
    for (let i = lastBefore(notes, onset - TOGETHER_S) + 1; i < notes.length && notes[i].onset < endS; i += 1) {
      if (notes[i].key === key) return false;
    }
    return true;
  };
  return piece.origin.candidates.filter((candidate) => !dismissed.has(candidate.id) && isFree(candidate));
}

// All notes that are less sure than `limit`, of their ends or of their onsets alone, and all open candidates, in order of
// time. What a reader has moved or accepted is sure.
export function findDoubts(piece, doubt, { limit, withEnds, open }) {
  const surenessOf = (note) => (withEnds ? doubt[note.index]?.sureness ?? null : note.confidence);
  const isDoubtful = (note) => {
    const sureness = surenessOf(note);
    return sureness !== null && sureness < limit && isAsTranscribed(piece, note);
  };
  const notes = piece.notes.filter(isDoubtful).map((note) => {
    const { id, onset, offset, key } = note;
    return { id, note, onset, offset, key, sureness: surenessOf(note) };
  });
  return [...notes, ...open.map(doubtOfCandidate)].sort((a, b) => a.onset - b.onset || a.key - b.key);
}

// What can be done about one of them.
export const choicesOf = ({ note, candidate }, doubt, open) =>
  (note ? choicesOfNote(note, doubt[note.index], open) : choicesOfCandidate(candidate));

function isAsTranscribed(piece, note) {
  const was = piece.origin.notes[note.index];
  return was !== undefined && !note.isAccepted && was.onset === note.onset && was.offset === note.offset && was.key === note.key;
}

function choicesOfNote(note, { others = [] } = {}, open) {
  const { id, offset, confidence } = note;
  const change = (fields) => (present) => setEvents(present, [id], { ...fields, isAccepted: true });
  return [
    { name: "accept", apply: change({}) },
    { name: "absent", probability: confidence === null ? null : 1 - confidence, apply: (present) => removeEvents(present, [id]) },
    ...others.map((other) => ({
      ...other, name: other.offset < offset ? "earlier" : "later", apply: change({ offset: other.offset }),
    })),
    ...octavesOf(note, open).map((other) => ({
      name: "octave", key: other.key, probability: other.probability,
      apply: change({ key: other.key, onset: other.onset, offset: other.offset }),
    })),
  ];
}

// The best candidate that begins with a note, an octave away; none or one.
function octavesOf(note, open) {
  const first = lastBefore(open, note.onset - SAME_ONSET_S) + 1;
  const near = open.slice(first, lastBefore(open, note.onset + SAME_ONSET_S) + 1);
  const octaves = near.filter((other) => Math.abs(other.key - note.key) === OCTAVE_KEYS);
  return octaves.sort((a, b) => b.probability - a.probability).slice(0, 1);
}

const choicesOfCandidate = ({ id, onset, offset, key, velocity, probability }) => [
  { name: "candidate", probability, apply: (present) => addNotes(present, [{ onset, offset, key, velocity }])[0] },
  { name: "dismiss", probability: 1 - probability, apply: (present) => dismissCandidates(present, [id]) },
];

function doubtOfCandidate(candidate) {
  const { id, onset, offset, key, probability } = candidate;
  return { id: `?${id}`, candidate, onset, offset, key, sureness: 1 - probability }; // a note may have the same id
}

// In order of time, or the least sure first.
export const orderDoubts = (doubts, isByTime) =>
  (isByTime ? doubts : [...doubts].sort((a, b) => a.sureness - b.sureness || a.onset - b.onset));

// The doubt that is `step` further, or the first of all where there is no present one; round and round. Null for none.
export function stepThrough(doubts, id, step) {
  if (!doubts.length) return null;
  const at = doubts.findIndex((doubt) => doubt.id === id);
  return doubts[at < 0 ? 0 : (at + step + doubts.length) % doubts.length];
}
