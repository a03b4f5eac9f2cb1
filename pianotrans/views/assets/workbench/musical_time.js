// The musical time of a piece with what the user says of it: bars for the roll, and the first track of a MIDI file.

import { Clock, conduct } from "../shared/conductor.js";
import { lastBefore } from "../shared/performance.js";
import { readKeySignature } from "./keys.js";
import { fittingMeters, hasBeatsOf, layOutBars, readMeter, readMeters, signaturesOf, tempoMapOf } from "./layout.js";
import { setBeats, setScore } from "./piece.js";

export const saysOfBars = (piece) => piece.beats !== null || piece.score.time_signature !== undefined;
export const saysOfTime = (piece) => saysOfBars(piece) || piece.score.key !== undefined;

// The beats of a piece: as edited, else those of its score, of which `score` is the data; none are an empty list.
export const beatsOf = (piece, score) =>
  piece.beats ?? (score?.beats ?? []).map(([onset, isDownbeat]) => ({ onset, isDownbeat: isDownbeat === 1 }));

// { onsets, bars, signatures } of a piece, or null without beats.
export function barsOf(piece, score) {
  const beats = beatsOf(piece, score);
  if (beats.length < 2) return null;
  const laidOut = layOutBars(beats, piece.notes[0]?.onset ?? 0, piece.notes.at(-1)?.onset ?? 0);
  const said = saidMeters(piece, beats, laidOut);
  return { ...laidOut, signatures: signaturesOf(laidOut.bars, said, knownMeters(score, laidOut)) };
}

// [number of a bar, meter]: those that stand at beats, of which the first holds from the beginning; else those that are
// said in words, if they fit the beats.
function saidMeters({ score }, beats, { onsets, bars }) {
  const placed = beats.filter(({ meter }) => meter);
  const numbers = new Map(bars.map(({ number, firstBeat }) => [onsets[firstBeat], number]));
  if (placed.length) return placed.map(({ onset, meter }, i) => [i ? numbers.get(onset) : 1, readMeter(meter)]);
  return score.time_signature ? fittingMeters(readMeters(score.time_signature), beats) : [];
}

// For each bar the meter that the score has at that time.
function knownMeters(score, { onsets, bars }) {
  const written = (score?.bars ?? []).map(([, onset, , meter]) => ({ onset, meter: readMeter(meter) }));
  return bars.map(({ firstBeat }) => (written[lastBefore(written, onsets[firstBeat] + 1e-3)] ?? written[0])?.meter);
}

// The beats with the meters that are written, each at the first downbeat where it holds, so that all who read them have
// the same. A bar with another number of beats than is said has a meter of its own.
export function beatsWithMeters(piece, score) {
  const beats = beatsOf(piece, score);
  const laidOut = barsOf(piece, score);
  if (!laidOut) return beats;
  const { onsets, bars, signatures } = laidOut;
  const counted = signaturesOf(bars, [], knownMeters(score, laidOut));
  const chosen = new Map(bars.map(({ firstBeat, meterBeats }, i) =>
    [onsets[firstBeat], meterText(hasBeatsOf(signatures[i], meterBeats) ? signatures[i] : counted[i])]));
  let last = null;
  return beats.map((beat) => {
    const written = beat.isDownbeat ? chosen.get(beat.onset) ?? last : last;
    const meter = written === last ? null : written;
    last = written;
    return (beat.meter ?? null) === meter ? beat : { ...beat, meter };
  });
}

// The piece with these beats, and with the meters that are written put at them; in words none is said. Null: as found.
export function withBeats(piece, beats, score) {
  const fresh = setScore(setBeats(piece, beats), { time_signature: null });
  return beats ? setBeats(fresh, beatsWithMeters(fresh, score)) : fresh;
}

const meterText = ({ numerator, denominator }) => `${numerator}/${denominator}`;

// Bars and beats in the form in which the page is given those of a score.
export function barsData(piece, score) {
  const laidOut = barsOf(piece, score);
  if (!laidOut) return { bars: [], beats: [] };
  const { onsets, bars, signatures } = laidOut;
  return {
    bars: bars.map(({ number, firstBeat, nBeats }, i) =>
      [number, onsets[firstBeat], onsets[firstBeat + nBeats], meterText(signatures[i]), 1]),
    beats: beatsOf(piece, score).map(({ onset, isDownbeat }) => [onset, Number(isDownbeat)]),
  };
}

// What a score was found to have for a MIDI file, with a tempo for each beat or each bar.
export const conductorFound = (score, isPerBar) => (isPerBar ? score?.conductor_per_bar : score?.conductor) ?? null;

// Tempo, bars and keys of the MIDI file: those of the score as long as nothing else is said. Null without beats. The tempo
// changes with every beat, or bar.
export function conductorOf(piece, score, isPerBar = false) {
  const found = score?.conductor ?? null;
  const said = piece.score.key === undefined ? null : readKeySignature(piece.score.key);
  if (!saysOfBars(piece)) {
    const written = conductorFound(score, isPerBar);
    return written && said ? { ...written, key_signatures: [[0, ...said]] } : written;
  }
  const laidOut = barsOf(piece, score);
  if (!laidOut) return null;
  const clock = found && new Clock(found.tempi);
  const keys = (found?.key_signatures ?? []).map(([tick, ...key]) => [clock.secondsAt(tick), ...key]);
  return conduct(tempoMapOf(laidOut, laidOut.signatures, said ? [[0, ...said]] : keys), isPerBar);
}
