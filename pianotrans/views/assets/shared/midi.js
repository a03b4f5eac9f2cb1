// A standard MIDI file, byte for byte what `pianotrans transcribe` writes for the same notes: 960 ticks a quarter note,
// a track of tempo, bars and keys, and a piano track, or one for each hand; in format 0 all of it is one track.

import { Clock, STEADY, conductorEvents } from "./conductor.js";

const HAND_TRACKS = [["right hand", 1], ["left hand", 2]]; // notes of no hand are in the first

// `conductor` is the first track; without one there are 120 quarter notes a minute. `byHand` gives each hand a track
// and a channel of its own; both get the pedals. `text` stands at the beginning, in ASCII.
export function midiBytes(notes, pedals, durationS, { text, conductor = null, byHand = false, format = 1 }) {
  const parts = conductor ?? STEADY;
  const clock = new Clock(parts.tempi);
  const played = {
    notes: [...grouped(notes, (note) => note.key).values()].flatMap((track) => separated(track, clock)),
    pedals: [...grouped(pedals, (pedal) => pedal.controller).values()].flatMap((track) => separated(track, clock)),
  };
  const latest = (last, [, offset]) => Math.max(last, offset);
  const end = [...played.notes, ...played.pedals].reduce(latest, clock.tickAt(durationS));
  const isIn = (hand) => ([, , note]) => (note.hand === 2 ? 2 : 1) === hand;
  const said = textBytes(0x01, text);
  const conducting = conductorEvents(parts, end);
  const head = (nTracks) => [...chunkHead("MThd", 6), 0, format, 0, nTracks, 0x03, 0xc0];
  if (format === 0) {
    const events = [...conducting, ...pianoEvents(played, 0)].sort((a, b) => a[0] - b[0]);
    return Uint8Array.from(head(1).concat(trackBytes([...said, ...pianoHead("Piano", 0)], events, end)));
  }
  const tracks = byHand
    ? HAND_TRACKS.map(([name, hand]) => [name, { ...played, notes: played.notes.filter(isIn(hand)) }])
    : [["Piano", played]];
  const first = trackBytes(said, conducting);
  const rest = tracks.map(([name, part], channel) =>
    trackBytes(pianoHead(name, channel), pianoEvents(part, channel), end));
  return Uint8Array.from(head(1 + tracks.length).concat(first, ...rest));
}

const pianoHead = (name, channel) => [...textBytes(0x03, name), 0, 0xc0 | channel, 0];

// The notes and pedals of a track as [tick, message]; within a tick, ends come before beginnings.
function pianoEvents({ notes, pedals }, channel) {
  const [noteOn, control] = [0x90 | channel, 0xb0 | channel];
  const events = [
    ...notes.flatMap(([onset, offset, { key, velocity }]) =>
      [[offset, 0, key, [noteOn, key, 0]], [onset, 3, key, [noteOn, key, velocity]]]),
    ...pedals.flatMap(([onset, offset, { controller }]) =>
      [[offset, 1, controller, [control, controller, 0]], [onset, 2, controller, [control, controller, 127]]]),
  ];
  events.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  return events.map(([at, , , message]) => [at, message]);
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

// { what `by` gives: its events, in order }
export function grouped(events, by) {
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

const textBytes = (kind, text) => [0, 0xff, kind, ...variableLength(text.length), ...lettersOf(text)];

const lettersOf = (text) => [...text].map((letter) => letter.charCodeAt(0));

const chunkHead = (name, length) =>
  [...lettersOf(name), ...[24, 16, 8, 0].map((shift) => (length >>> shift) & 0xff)];
