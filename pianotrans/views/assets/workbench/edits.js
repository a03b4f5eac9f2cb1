// Edits: what differs between a piece and its transcription, as a document that can be kept and applied anew. It is
// described in pianotrans/edits/README.md; `pianotrans apply` reads it, too.

import { PEDALS } from "../shared/performance.js";
import { SHORTEST_S, toMicroseconds, trackOf } from "./events.js";
import { dismissCandidates, newEvent, revise, setBeats, setScore } from "./piece.js";

export const EDITS_FORMAT = "pianotrans edits";
const EDITS_VERSION = 2;
const OLDER_VERSIONS = [1]; // which say nothing of candidates, and of meters at beats
const NEAR_S = 0.05; // from where an event is looked for in another transcription
const WRITTEN_HANDS = [null, "right", "left"];
const CONTROLLER_OF = new Map([...PEDALS].map(([controller, kind]) => [kind, controller]));

// The document. `about` is { title, digest } of the transcription.
export function editsOf(base, piece, about = base.origin) {
  return {
    format: EDITS_FORMAT,
    version: EDITS_VERSION,
    transcription: { title: about.title, n_notes: base.origin.notes.length, digest: about.digest },
    notes: changesOf(base.origin.notes, piece.notes, writtenNote),
    pedals: changesOf(base.origin.pedals, piece.pedals, writtenPedal),
    candidates: { dismissed: dismissalsOf(base.origin.candidates, piece.dismissed) },
    beats: piece.beats && piece.beats.map(({ onset, isDownbeat, meter }) =>
      ({ onset_s: onset, downbeat: isDownbeat, ...(meter && { time_signature: meter }) })),
    score: piece.score,
  };
}

function dismissalsOf(candidates, ids) {
  const gone = new Set(ids);
  return candidates.filter(({ id }) => gone.has(id)).map((candidate) => {
    const { key, velocity } = candidate;
    return { id: candidate.id, was: { ...writtenTimes(candidate), key, velocity } };
  });
}

function changesOf(transcribed, events, written) {
  const present = new Map(events.filter(({ index }) => index !== null).map((event) => [event.index, event]));
  const changes = { changed: [], deleted: [], added: [] };
  for (const was of transcribed) {
    const now = present.get(was.index);
    if (now === was) continue;
    const head = { id: was.id, was: withoutOpinion(written(was)) };
    if (now) changes.changed.push({ ...head, ...differing(written(was), written(now)) });
    else changes.deleted.push(head);
  }
  for (const event of events) {
    if (event.index !== null) continue;
    const { accepted, hand, ...rest } = written(event);
    changes.added.push({ id: event.id, ...rest, ...(hand && { hand }) });
  }
  return changes;
}

const writtenTimes = ({ onset, offset }) => ({ onset_s: toMicroseconds(onset), offset_s: toMicroseconds(offset) });

const writtenNote = (note) => ({
  ...writtenTimes(note),
  key: note.key,
  velocity: note.velocity,
  hand: WRITTEN_HANDS[note.hand ?? 0],
  accepted: note.isAccepted,
});

const writtenPedal = (pedal) =>
  ({ ...writtenTimes(pedal), kind: PEDALS.get(pedal.controller), accepted: pedal.isAccepted });

const withoutOpinion = ({ hand, accepted, ...rest }) => rest;

const differing = (was, now) => Object.fromEntries(Object.entries(now).filter(([name, value]) => value !== was[name]));

// The piece that a document makes of a transcription, and what of it could not be done, as [{ reason, track, edit }].
// On the transcription that it is about it gives the very piece. On another one an event, or a candidate, is found by its
// key or pedal and by its nearest onset within 50 ms; else it is "missing". What would be added but is there already is
// "present".
// Throws EditsError for what is no such document.
export function applyEdits(base, edits) {
  checkEdits(edits);
  const { origin } = base;
  const isSame = edits.transcription.digest === origin.digest;
  const conflicts = [];
  const events = [];
  const removed = new Set();
  for (const track of ["notes", "pedals"]) {
    const { changed, deleted, added } = edits[track];
    const finder = new Finder(origin[track], [...changed, ...deleted]);
    const orMissing = (edit) => {
      const found = finder.find(edit);
      if (!found) conflicts.push({ reason: "missing", track, edit });
      return found;
    };
    for (const edit of changed) {
      const found = orMissing(edit);
      if (found) events.push(lasting({ ...found, ...fieldsIn(edit) }));
    }
    for (const edit of deleted) {
      const found = orMissing(edit);
      if (found) removed.add(found.id);
    }
    for (const edit of added) {
      const event = newEvent(fieldsIn(edit), numberOf(edit));
      if (!isSame && finder.nearest(event)) conflicts.push({ reason: "present", track, edit });
      else events.push(event);
    }
  }
  const dismissed = edits.candidates?.dismissed ?? [];
  const finder = new Finder(origin.candidates, dismissed);
  const foundCandidates = dismissed.map((edit) => [edit, finder.find(edit)]);
  for (const [edit, found] of foundCandidates) {
    if (!found) conflicts.push({ reason: "missing", track: "candidates", edit });
  }
  const added = [...edits.notes.added, ...edits.pedals.added];
  const nextId = added.reduce((next, edit) => Math.max(next, numberOf(edit) + 1), 1);
  const blank = { ...base, notes: origin.notes, pedals: origin.pedals, beats: null, score: {}, dismissed: [], nextId };
  const beats = edits.beats && edits.beats.map(({ onset_s, downbeat, time_signature: meter }) =>
    ({ onset: onset_s, isDownbeat: downbeat, meter: downbeat ? meter : null }));
  const settled = setScore(setBeats(revise(blank, events, { removed }), beats), edits.score);
  const found = foundCandidates.flatMap(([, candidate]) => (candidate ? [candidate.id] : []));
  return { piece: dismissCandidates(settled, found), conflicts };
}

// The transcribed events that edits are about, each found once: those of the same identity first.
class Finder {
  constructor(transcribed, edits) {
    this.byId = new Map(transcribed.map((event) => [event.id, event]));
    this.claimed = new Set(edits.map(({ id }) => id));
    this.byTrack = new Map();
    for (const event of transcribed) {
      if (!this.byTrack.has(trackOf(event))) this.byTrack.set(trackOf(event), []);
      this.byTrack.get(trackOf(event)).push(event);
    }
  }

  find({ id, was }) {
    const found = this.byId.get(id) ?? this.nearest(fieldsIn(was));
    if (found) this.claimed.add(found.id);
    return found;
  }

  // Null: there is none of this key or pedal that begins within 50 ms and is not claimed.
  nearest(wanted) {
    let best = null;
    const away = (event) => Math.abs(event.onset - wanted.onset);
    for (const event of this.byTrack.get(trackOf(wanted)) ?? []) {
      if (away(event) <= NEAR_S && !this.claimed.has(event.id) && (!best || away(event) < away(best))) best = event;
    }
    return best;
  }
}

const READERS = {
  onset_s: (onset) => ({ onset }),
  offset_s: (offset) => ({ offset }),
  key: (key) => ({ key }),
  velocity: (velocity) => ({ velocity }),
  hand: (hand) => ({ hand: Math.max(0, WRITTEN_HANDS.indexOf(hand)) || null }),
  kind: (kind) => ({ controller: CONTROLLER_OF.get(kind) }),
  accepted: (accepted) => ({ isAccepted: accepted }),
};

// What an edit says, in the names of a piece.
const fieldsIn = (edit) =>
  Object.assign({}, ...Object.entries(edit).map(([name, value]) => READERS[name]?.(value) ?? {}));

const numberOf = ({ id }) => Number(id.slice(1));

const lasting = (event) => (event.offset > event.onset ? event : { ...event, offset: event.onset + SHORTEST_S });

// `reason` is "format" or "version".
export class EditsError extends Error {
  constructor(reason, message) {
    super(message);
    this.reason = reason;
  }
}

// Refuses what would go wrong later; `pianotrans apply` is stricter.
export function checkEdits(edits) {
  const { format, version, transcription, notes, pedals, candidates = { dismissed: [] }, beats, score } = edits ?? {};
  if (format !== EDITS_FORMAT) throw new EditsError("format", "These are no edits of pianotrans.");
  if (version !== EDITS_VERSION && !OLDER_VERSIONS.includes(version)) {
    throw new EditsError("version", `Edits of version ${version}: this page knows ${EDITS_VERSION}, and older ones.`);
  }
  const areChanges = (changes) => ["changed", "deleted", "added"].every((name) => Array.isArray(changes?.[name]));
  const areThere = areChanges(notes) && areChanges(pedals) && Array.isArray(candidates?.dismissed);
  const isWhole = transcription && areThere && (beats === null || Array.isArray(beats));
  if (!isWhole || typeof score !== "object" || score === null) throw new EditsError("format", "The edits are damaged.");
}
