// Lists of notes, or of pedals, in order. A list never changes, but other lists are made of it, while something is dragged
// for every frame: so where an event is found by its id is kept for each list, and handed on to what is made of it.
//
// `transcribed` is the list that a piece began with. An event has a place among all that there ever were: its number in
// the transcription, or behind those the one in its id, as in "+12". Whatever else is edited, id and place stay.

import { SHORTEST_S, compareEvents, isSameEvent, toMicroseconds, trackOf } from "./events.js";

const N_TRACKS = 128; // keys, or controllers
const placed = new WeakMap(); // by list: its events by their place
const numbers = new WeakMap(); // by transcribed list: the place of each id

function placedOf(list, transcribed) {
  if (!placed.has(list)) {
    const events = [];
    for (const event of list) events[placeOf(event, transcribed)] = event;
    placed.set(list, events);
  }
  return placed.get(list);
}

const placeOf = (event, transcribed) => event.index ?? placeOfAdded(event.id, transcribed);

const placeOfAdded = (id, transcribed) => transcribed.length + Number(id.slice(1));

function placeOfId(id, transcribed) {
  if (id.startsWith("+")) return placeOfAdded(id, transcribed);
  if (!numbers.has(transcribed)) numbers.set(transcribed, new Map(transcribed.map((event) => [event.id, event.index])));
  return numbers.get(transcribed).get(id);
}

// The events with these ids, in order.
export function pick(list, transcribed, ids) {
  const events = placedOf(list, transcribed);
  const found = [];
  for (const id of ids) {
    const event = events[placeOfId(id, transcribed)];
    if (event) found.push(event);
  }
  return sorted(found);
}

// Most often they are in order already, and there may be many.
function sorted(events) {
  const isInOrder = events.every((event, i) => i === 0 || compareEvents(events[i - 1], event) <= 0);
  return isInOrder ? events : events.sort(compareEvents);
}

// The list with these events in place of those of the same id, or new, and without those whose ids are `removed`; of
// the keys or pedals that get any, none overlap. The list itself if nothing changes. It reads the list once, and copies
// no event that stays.
export function reviseList(list, transcribed, events, removed) {
  if (!events.length && !removed.size) return list;
  const before = placedOf(list, transcribed);
  const now = before.slice();
  const gone = pick(list, transcribed, removed);
  for (const event of gone) now[placeOf(event, transcribed)] = undefined;
  const fresh = [];
  for (const event of events) {
    const place = placeOf(event, transcribed);
    const was = before[place];
    const isSame = was !== undefined && isSameEvent(event, was);
    now[place] = isSame ? was : event;
    if (!isSame) fresh.push(event);
  }
  const isThere = (event) => now[placeOf(event, transcribed)] === event;
  if (!fresh.length && gone.every(isThere)) return list;
  const put = (event) => { now[placeOf(event, transcribed)] = event; };
  const drop = (event) => { now[placeOf(event, transcribed)] = undefined; };
  const revised = withoutOverlaps(list, sorted(fresh.filter(isThere)), { isThere, put, drop });
  placed.set(revised, now);
  return revised;
}

// Those of a list that are still there, and the fresh ones. On the keys and pedals of these, each event is cut where the
// next one begins; where two that overlap begin within 10 ms, the fresh one stays, or the later of two. `put` and `drop`
// are told what that does.
function withoutOverlaps(list, fresh, { isThere, put, drop }) {
  const isTouched = new Uint8Array(N_TRACKS);
  for (const event of fresh) isTouched[trackOf(event)] = 1;
  const latest = new Array(N_TRACKS).fill(-1); // of each of these tracks, where its last event stands
  let freshIds = null; // which is seldom asked for
  const isFresh = (event) => (freshIds ??= new Set(fresh.map(({ id }) => id))).has(event.id);
  const found = [];
  let hasHoles = false;
  const add = (event) => {
    const track = trackOf(event);
    if (isTouched[track]) {
      const at = latest[track];
      const last = found[at];
      if (last && last.offset > event.onset) {
        const isTooClose = event.onset - last.onset < SHORTEST_S - 1e-9;
        if (isTooClose && isFresh(last) && !isFresh(event)) {
          drop(event);
          return;
        }
        found[at] = isTooClose ? null : { ...last, offset: microsecondsBefore(event.onset) };
        if (isTooClose) drop(last);
        else put(found[at]);
        hasHoles ||= isTooClose;
      }
      latest[track] = found.length;
    }
    found.push(event);
  };
  let next = 0;
  for (const event of list) {
    while (next < fresh.length && compareEvents(event, fresh[next]) > 0) add(fresh[next++]);
    if (isThere(event)) add(event);
  }
  while (next < fresh.length) add(fresh[next++]);
  return hasHoles ? found.filter((event) => event !== null) : found;
}

// The last whole microsecond that is not later.
function microsecondsBefore(timeS) {
  const rounded = toMicroseconds(timeS);
  return rounded <= timeS ? rounded : toMicroseconds(rounded - 1e-6);
}
