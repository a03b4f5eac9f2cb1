// What was played, as the page was given it, and what the confidence slider leaves of it. Times in seconds;
// confidence is that of the onset.

const SUSTAIN = 64;
const SOFT = 67;
const KEY_NAMES = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];

const keyName = (key) => `${KEY_NAMES[key % 12]}${Math.floor(key / 12) - 1}`;
const isBlack = (key) => [1, 3, 6, 8, 10].includes(key % 12);

function clockLabel(seconds, digits = 0) {
  const factor = 10 ** digits;
  const whole = Math.floor(seconds * factor + 1e-6) / factor;
  const minutes = Math.floor(whole / 60);
  const rest = (whole - 60 * minutes).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  const hours = Math.floor(minutes / 60);
  return hours ? `${hours}:${String(minutes % 60).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

class Performance {
  constructor(data) {
    this.durationS = data.duration_s;
    this.notes = data.notes.map(([onset, offset, key, velocity, confidence]) =>
      ({ onset, offset, key, velocity, confidence }));
    this.pedals = data.pedals.map(([onset, offset, controller, confidence]) =>
      ({ onset, offset, controller, confidence }));
    this.endS = [...this.notes, ...this.pedals].reduce((end, event) => Math.max(end, event.offset), this.durationS);
    this.knowsConfidence = this.notes.some((note) => note.confidence !== null);
  }

  // The notes that are at least so sure, or of unknown confidence, and all pedals, of which no model is as sure.
  from(leastConfidence) {
    const isSure = (note) => note.confidence === null || note.confidence >= leastConfidence;
    return { notes: this.notes.filter(isSure), pedals: this.pedals };
  }
}

// When each note's sound ends: with the sustain pedal, or where its key is struck again.
function soundingEnds(notes, pedals) {
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

// The position of the last event that begins at or before a time; -1 if there is none. Events in order of onset.
function lastBefore(events, time) {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (events[middle].onset <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
