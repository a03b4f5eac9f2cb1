// A performance, with what its score says of each note, and what the confidence slider leaves of it. Times in seconds; confidence is that of the onset.

import { keyName, withSigns } from "./format.js";

export const SUSTAIN = 64;
export const PEDALS = new Map([[SUSTAIN, "sustain"], [66, "sostenuto"], [67, "soft"]]); // by controller number

export class Performance {
  constructor(data) {
    this.title = data.title ?? null;
    this.digest = data.digest ?? null; // of what was transcribed; see pianotrans/edits
    this.startS = data.start_s ?? 0; // of a part of a recording
    this.durationS = data.duration_s; // where the recording, or the part, ends
    const written = data.score?.notes ?? []; // by note: its hand (1 is right), its bar by index, its spelling
    this.notes = data.notes.map(([onset, offset, key, velocity, confidence], index) => {
      const [hand, bar, spelling] = written[index] ?? [null, null, null];
      const name = spelling === null ? keyName(key) : withSigns(spelling);
      return { index, onset, offset, key, velocity, confidence, hand, bar, name };
    });
    this.pedals = data.pedals.map(([onset, offset, controller, confidence]) =>
      ({ onset, offset, controller, confidence }));
    this.candidates = (data.doubt?.candidates ?? []).map(([onset, offset, key, velocity, probability]) =>
      ({ onset, offset, key, velocity, probability })); // nearly written
    this.endS = [...this.notes, ...this.pedals].reduce((end, event) => Math.max(end, event.offset), this.durationS);
    this.hasConfidences = this.notes.some((note) => note.confidence !== null);
  }

  // The notes with at least this confidence, or with none given, and all pedals, of which models are less sure.
  above(minConfidence) {
    const isSure = (note) => note.confidence === null || note.confidence >= minConfidence;
    return { notes: this.notes.filter(isSure), pedals: this.pedals };
  }
}

// The notes whose keys are down at a time, the latest first; none is longer than `longestS`.
export function heldNotes(notes, timeS, longestS) {
  const held = [];
  for (let i = lastBefore(notes, timeS); i >= 0 && notes[i].onset >= timeS - longestS; i -= 1) {
    if (notes[i].offset > timeS) held.push(notes[i]);
  }
  return held;
}

// The events that last into a stretch of time; none is longer than `longestS`. Those before it are not looked at.
export function eventsBetween(events, fromS, toS, longestS) {
  const found = [];
  for (let i = lastBefore(events, fromS - longestS) + 1; i < events.length && events[i].onset <= toS; i += 1) {
    if (events[i].offset >= fromS) found.push(events[i]);
  }
  return found;
}

export function longestOf(events) {
  let longestS = 0;
  for (const { onset, offset } of events) if (offset - onset > longestS) longestS = offset - onset;
  return longestS;
}

// Where the last of all these events ends, if that is later than `atLeastS`.
export function lastEndOf(events, atLeastS) {
  let lastS = atLeastS;
  for (const { offset } of events) if (offset > lastS) lastS = offset;
  return lastS;
}

// When the sound of each note ends: when the sustain pedal lets go, or where its key is struck again.
export function soundingEnds(notes, pedals) {
  const sustain = pedals.filter((pedal) => pedal.controller === SUSTAIN);
  const nextOnset = new Map();
  const ends = new Array(notes.length);
  for (let i = notes.length - 1; i >= 0; i -= 1) {
    const { onset, offset, key } = notes[i];
    const held = sustain[lastBefore(sustain, offset)];
    const end = held && held.offset > offset ? held.offset : offset;
    ends[i] = Math.max(onset, Math.min(end, nextOnset.get(key) ?? Infinity));
    nextOnset.set(key, onset);
  }
  return ends;
}

// The index of the last event that begins at or before a time; -1 if there is none. Events in order of onset.
export function lastBefore(events, time) {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (events[middle].onset <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
