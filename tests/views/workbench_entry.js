// What the tests of the workbench call in the browser.

import { conduct } from "./shared/conductor.js";
import { fit, optionsOf } from "./shared/fitting.js";
import { midiBytes } from "./shared/midi.js";
import { Performance } from "./shared/performance.js";
import { PARTS_PER_QUARTER, TempoMap } from "./shared/tempo_map.js";
import { beginBar, doubleTempo, halveTempo, insertBeat, moveBeat, removeBeat } from "./workbench/beats.js";
import { completeLastBar, setBeatsPerBar } from "./workbench/beats.js";
import { copyEvents, pasteEvents } from "./workbench/clipboard.js";
import { applyEdits, editsOf } from "./workbench/edits.js";
import { History } from "./workbench/history.js";
import { readKeySignature } from "./workbench/keys.js";
import { layOutBars } from "./workbench/layout.js";
import { beatsWithMeters, conductorOf, withBeats } from "./workbench/musical_time.js";
import { addNotes, addPedals, confidenceOf, dismissCandidates, isSamePiece, joinNotes } from "./workbench/piece.js";
import { moveEvents, pieceOf } from "./workbench/piece.js";
import { removeEvents, scaleVelocity, setBeats, setEvents, setScore, splitNotes, stretchEvents } from "./workbench/piece.js";

const mapOf = ({ positions, times_s, time_signatures, key_signatures }) => {
  const inParts = ([numerator, denominator]) => (numerator * PARTS_PER_QUARTER) / denominator;
  const placed = (list) => list.map(([position, ...rest]) => [inParts(position), ...rest]);
  return new TempoMap(positions.map(inParts), times_s, placed(time_signatures), placed(key_signatures));
};

const inHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

// The MIDI of a piece in hexadecimal, fitted to its receiver.
function writeMidi({ data, hands, map, settings }) {
  const { notes, pedals, durationS } = new Performance(data);
  if (hands) notes.forEach((note, i) => { note.hand = hands[i]; });
  const conductor = map && conduct(mapOf(map), settings.tempo_per === "bar");
  const text = [data.made_by, ...optionsOf({ ...settings, hands: hands !== null })].join(" ");
  const fitted = fit({ notes, pedals }, settings);
  const how = { text, conductor, byHand: hands !== null, format: settings.format };
  return inHex(midiBytes(fitted.notes, fitted.pedals, durationS, how));
}

// A source of numbers below 1 that is the same everywhere (mulberry32).
const numbersOf = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};

function editAtRandom(piece, random) {
  const below = (n) => Math.floor(random() * n);
  const ids = [...piece.notes, ...piece.pedals].filter(() => random() < 0.3).map(({ id }) => id);
  const onset = random() * 5;
  const copied = copyEvents(piece, ids);
  const ways = [
    () => moveEvents(piece, ids, { seconds: random() * 2 - 1, keys: below(5) - 2 }),
    () => stretchEvents(piece, ids, { onsetS: random() - 0.5, offsetS: below(2) * (random() - 0.5) }),
    () => setEvents(piece, ids, { velocity: below(140), hand: below(3) || null, isAccepted: below(2) === 0 }),
    () => scaleVelocity(piece, ids, below(20) - 10),
    () => removeEvents(piece, ids.slice(0, 2)),
    () => addNotes(piece, [{ onset, offset: onset + random(), key: 58 + below(5), hand: 2 }])[0],
    () => addPedals(piece, [{ onset, offset: onset + random(), controller: 64 }])[0],
    () => splitNotes(piece, ids, onset),
    () => joinNotes(piece, ids),
    () => (copied ? pasteEvents(piece, copied, onset, below(3) - 1)[0] : piece),
    () => setBeats(piece, [{ onset, isDownbeat: true, meter: below(2) ? "3/4" : null }, { onset: onset + 1, isDownbeat: false }]),
    () => dismissCandidates(piece, piece.origin.candidates.filter(() => below(2)).map(({ id }) => id)),
    () => setScore(piece, { title: below(2) ? "a title" : null, swing: true }),
  ];
  return ways[below(ways.length)]();
}

const content = ({ notes, pedals, beats, score, dismissed }) => JSON.stringify([notes, pedals, beats, score, dismissed]);

const shown = ({ notes, pedals, dismissed }) => ({
  dismissed,
  ids: notes.map(({ id }) => id),
  notes: notes.map((note) => [note.onset, note.offset, note.key, note.velocity, confidenceOf(note), note.hand]),
  pedals: pedals.map((pedal) => [pedal.onset, pedal.offset, pedal.controller, confidenceOf(pedal)]),
});

// Edits a piece at random, a few times, and says what is wrong with its past or its replay.
function tryEdits({ data, other, seed, n }) {
  const base = pieceOf(new Performance(data));
  const random = numbersOf(seed);
  const history = new History(base);
  const pieces = [base];
  while (n--) {
    if (history.push(editAtRandom(history.piece, random))) pieces.push(history.piece);
  }
  const { piece } = history;
  const edits = JSON.parse(JSON.stringify(editsOf(base, piece)));
  const wrong = [];
  const again = applyEdits(base, edits);
  if (again.conflicts.length || content(again.piece) !== content(piece)) wrong.push("replay");
  for (const past of pieces.toReversed()) {
    if (!isSamePiece(history.piece, past)) wrong.push("undo");
    history.undo();
  }
  for (const past of pieces.slice(1)) {
    if (!isSamePiece(history.redo(), past)) wrong.push("redo");
  }
  const moved = applyEdits(pieceOf(new Performance(other)), edits);
  const conflicts = moved.conflicts.map(({ reason, edit }) => [reason, edit.id]);
  return { edits, wrong, ids: shown(base).ids, piece: shown(piece), moved: { ...shown(moved.piece), conflicts } };
}

// Of a song with edits, as the page downloads it.
function writeEdited({ data, edits }) {
  const song = new Performance(data);
  const { piece } = applyEdits(pieceOf(song), edits);
  const how = { text: data.made_by, conductor: conductorOf(piece, data.score) };
  return inHex(midiBytes(piece.notes, piece.pedals, song.durationS, how));
}

// Edits the beats of a song as the grid does, and writes the MIDI that the page downloads.
function writeRegridded({ data, edit, given, said }) {
  const song = new Performance(data);
  const base = setScore(pieceOf(song), said);
  const piece = withBeats(base, completeLastBar(GRID[edit](beatsWithMeters(base, data.score), ...given)), data.score);
  const midi = inHex(midiBytes(piece.notes, piece.pedals, song.durationS, { conductor: conductorOf(piece, data.score), text: data.made_by }));
  return { edits: editsOf(base, piece), midi };
}

const beatsIn = (text, meters = {}) =>
  [...text].map((letter, i) => ({ onset: i / 2, isDownbeat: letter === "|", meter: meters[i] ?? null }));
const inText = (beats) => beats.map(({ isDownbeat }) => (isDownbeat ? "|" : ".")).join("");

const GRID = { moveBeat, insertBeat, removeBeat, beginBar, setBeatsPerBar, halveTempo, doubleTempo, completeLastBar };

// Beats are a text, "|" for a downbeat and "." for another one, half a second each.
function editBeats({ beats, meters, edit, given }) {
  const edited = GRID[edit](beatsIn(beats, meters), ...given);
  return { text: inText(edited), onsets: edited.map(({ onset }) => onset), meters: edited.map(({ meter }) => meter ?? null) };
}

// How many notes are other ones when some of many are moved, in the middle of a drag.
function countMoved({ data, ids }) {
  const base = pieceOf(new Performance(data));
  const others = new Set(base.notes);
  moveEvents(base, ids, { seconds: 0.01 });
  const moved = moveEvents(base, ids, { seconds: 0.02 });
  return { n: moved.notes.length, nCopied: moved.notes.filter((note) => !others.has(note)).length };
}

const readKey = (text) => readKeySignature(text);

const layOut = ({ beats, first_s, last_s }) => layOutBars(beats, first_s, last_s);

const calls = { writeMidi, writeEdited, writeRegridded, editBeats, layOut, readKey, countMoved, tryEdits, applyEdits, pieceOf };
globalThis.workbench = { ...calls, Performance };
