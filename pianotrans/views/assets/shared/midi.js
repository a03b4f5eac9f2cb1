// A standard MIDI file, byte for byte what `pianotrans transcribe` writes for the same notes: 960 ticks a quarter note,
// 120 quarter notes a minute, format 1 with a tempo track and a piano track.

const TICKS_PER_SECOND = 1920;

export function midiBytes(notes, pedals, durationS) {
  const events = [];
  let end = tick(durationS);
  const add = (track, rankUp, rankDown, number, up, down) => {
    for (const [onset, offset, event] of separated(track)) {
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

  const conductor = [0, 0xff, 0x51, 3, 0x07, 0xa1, 0x20, 0, 0xff, 0x2f, 0];
  const piano = [0, 0xff, 0x03, 5, ...[..."Piano"].map((letter) => letter.charCodeAt(0)), 0, 0xc0, 0];
  let now = 0;
  let status = 0xc0;
  for (const [at, , , message] of events) {
    piano.push(...variableLength(at - now), ...(message[0] === status ? message.slice(1) : message));
    status = message[0];
    now = at;
  }
  piano.push(...variableLength(end - now), 0xff, 0x2f, 0);
  const head = [...chunkHead("MThd", 6), 0, 1, 0, 2, 0x03, 0xc0];
  return Uint8Array.from([...head, ...chunkHead("MTrk", conductor.length), ...conductor,
    ...chunkHead("MTrk", piano.length)].concat(piano));
}

// Rounds half to even, as Python does.
function tick(seconds) {
  const exact = seconds * TICKS_PER_SECOND;
  const below = Math.floor(exact);
  if (exact - below !== 0.5) return Math.round(exact);
  return below % 2 ? below + 1 : below;
}

// The events of one key as [onset, offset, event] in ticks: each ends by the onset of the next, and of several on
// one tick the last stays.
function separated(track) {
  const beginning = new Map(track.map((event) => [tick(event.onset), event]));
  const onsets = [...beginning.keys()];
  return onsets.map((onset, i) => {
    const event = beginning.get(onset);
    return [onset, Math.min(Math.max(tick(event.offset), onset + 1), onsets[i + 1] ?? Infinity), event];
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
