// Copy and paste of events, as plain data: it goes from one piece to another.

import { isPedal } from "./events.js";
import { addNotes, addPedals, eventsOf } from "./piece.js";

// The events with these ids, with times from the first onset on; null for none.
export function copyEvents(piece, ids) {
  const events = eventsOf(piece, ids);
  if (!events.length) return null;
  const startS = events.reduce((least, event) => Math.min(least, event.onset), Infinity);
  const from = ({ onset, offset, ...event }) => ({ ...event, onset: onset - startS, offset: offset - startS });
  return { notes: events.filter((event) => !isPedal(event)).map(from), pedals: events.filter(isPedal).map(from) };
}

// The copied events again, the first at this time, perhaps on higher or lower keys. → [piece, ids of what is new]
export function pasteEvents(piece, copied, timeS, keys = 0) {
  const at = ({ onset, offset, ...event }) => ({ ...event, onset: timeS + onset, offset: timeS + offset });
  const [withNotes, noteIds] = addNotes(piece, copied.notes.map((note) => ({ ...at(note), key: note.key + keys })));
  const [pasted, pedalIds] = addPedals(withNotes, copied.pedals.map(at));
  return [pasted, [...noteIds, ...pedalIds]];
}
