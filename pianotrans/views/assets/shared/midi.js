// A standard MIDI file, byte for byte what `pianotrans transcribe` writes for the same notes: 960 ticks a quarter note,
// format 1 with a track of tempo, bars and keys, and a piano track.

import { Clock, STEADY, conductorEvents } from "./conductor.js";

const NAME = [..."Piano"].map((letter) => letter.charCodeAt(0));

// `conductor` is the first track; without one there are 120 quarter notes a minute.
export function midiBytes(notes, pedals, durationS, conductor = null) {
  const { tempi, ...signatures } = conductor ?? STEADY;
  const clock = new Clock(tempi);
  const events = [];
  let end = clock.tickAt(durationS);
  const add = (track, rankUp, rankDown, number, up, down) => {
    for (const [onset, offset, event] of separated(track, clock)) {
      events.push([offset, rankUp, number, up(event)], [onset, rankDown, number, down(event)]);
      end = Math.max(end, offset);
    }
  };
  for (const [key, track] of grouped(notes, (note) => note.key)) {
    add(track, 0, 3, key, () => [0x90, key, 0], (note) => [0x90, key, note.velocity]);
  }
  for (const [controller, track] of grouped(pedals, (pedal) => pedal.controller)) {
    add(track, 1, 2, controller, () => [0xb0, controller, 0], () => [0xb0, controller, 127]);
  }
  events.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  const head = [...chunkHead("MThd", 6), 0, 1, 0, 2, 0x03, 0xc0];
  const first = trackBytes([], conductorEvents({ tempi, ...signatures }, end));
  const piano = trackBytes([0, 0xff, 0x03, 5, ...NAME, 0, 0xc0, 0], events.map(([at, , , message]) => [at, message]), end);
  return Uint8Array.from(head.concat(first, piano));
}

// A track of messages at absolute ticks, in order; it ends at the last of them unless `end` is given.
function trackBytes(head, events, end = events.at(-1)?.[0] ?? 0) {
  const bytes = [...head];
  let now = 0;
  let status = null;
  for (const [at, message] of events) {
    const repeats = message[0] === status && status !== 0xff; // which only channel messages may leave out
    bytes.push(...variableLength(at - now), ...(repeats ? message.slice(1) : message));
    status = message[0];
    now = at;
  }
  bytes.push(...variableLength(end - now), 0xff, 0x2f, 0);
  return chunkHead("MTrk", bytes.length).concat(bytes);
}

// The events of one key as [onset, offset, event] in ticks: each ends by the onset of the next, and of several on
// one tick the last stays.
function separated(track, clock) {
  const beginning = new Map(track.map((event) => [clock.tickAt(event.onset), event]));
  const onsets = [...beginning.keys()];
  return onsets.map((onset, i) => {
    const event = beginning.get(onset);
    return [onset, Math.min(Math.max(clock.tickAt(event.offset), onset + 1), onsets[i + 1] ?? Infinity), event];
  });
}

function grouped(events, by) {
  const groups = new Map();
  for (const event of events) {
    if (!groups.has(by(event))) groups.set(by(event), []);
    groups.get(by(event)).push(event);
  }
  return groups;
}

function variableLength(value) {
  const bytes = [value & 0x7f];
  for (let rest = value >>> 7; rest; rest >>>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}

const chunkHead = (name, length) =>
  [...[...name].map((letter) => letter.charCodeAt(0)), ...[24, 16, 8, 0].map((shift) => (length >>> shift) & 0xff)];
