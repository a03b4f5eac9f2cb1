// The musical time of a piece with what the user says of it: bars for the roll, and the first track of a MIDI file.

import { Clock, conduct } from "../shared/conductor.js";
import { fittingMeters, layOutBars, readMeter, readMeters, signaturesOf, tempoMapOf } from "./layout.js";

const FIFTHS = new Map([..."FCGDAEB"].map((letter, i) => [letter, i - 1]));
const ALTERATIONS = { flat: -7, sharp: 7 };

// "E flat major" → [-3, "major"], "3b" → [-3, null]; null for anything else.
export function readKeySignature(text) {
  const counted = text.match(/^([0-7])([#b])$/);
  if (counted) return [Number(counted[1]) * (counted[2] === "b" ? -1 : 1), null];
  const named = text.match(/^([A-G])(?: (flat|sharp))? (major|minor)$/i);
  if (!named) return null;
  const [letter, sign, mode] = [named[1].toUpperCase(), named[2]?.toLowerCase(), named[3].toLowerCase()];
  const fifths = FIFTHS.get(letter) + (ALTERATIONS[sign] ?? 0) - (mode === "minor" ? 3 : 0);
  return Math.abs(fifths) <= 7 ? [fifths, mode] : null;
}

export const saysOfTime = (piece) =>
  piece.beats !== null || piece.score.time_signature !== undefined || piece.score.key !== undefined;

// The beats of a piece: as edited, else those of its score, of which `score` is the data; none are an empty list.
export const beatsOf = (piece, score) =>
  piece.beats ?? (score?.beats ?? []).map(([onset, isDownbeat]) => ({ onset, isDownbeat: isDownbeat === 1 }));

// { onsets, bars, signatures } of a piece, or null without beats.
export function barsOf(piece, score) {
  const beats = beatsOf(piece, score);
  if (beats.length < 2) return null;
  const { onsets, bars } = layOutBars(beats, piece.notes[0]?.onset ?? 0, piece.notes.at(-1)?.onset ?? 0);
  const said = fittingMeters(piece.score.time_signature ? readMeters(piece.score.time_signature) : [], beats);
  const known = (score?.bars ?? []).map(([, , , meter]) => readMeter(meter));
  return { onsets, bars, signatures: signaturesOf(bars, said, known) };
}

// Bars and beats in the form in which the page is given those of a score.
export function barsData(piece, score) {
  const laidOut = barsOf(piece, score);
  if (!laidOut) return { bars: [], beats: [] };
  const { onsets, bars, signatures } = laidOut;
  return {
    bars: bars.map(({ number, firstBeat, nBeats }, i) => {
      const { numerator, denominator } = signatures[i];
      return [number, onsets[firstBeat], onsets[firstBeat + nBeats], `${numerator}/${denominator}`, 1];
    }),
    beats: beatsOf(piece, score).map(({ onset, isDownbeat }) => [onset, Number(isDownbeat)]),
  };
}

// Tempo, bars and keys of the MIDI file: those of the score as long as nothing else is said. Null without beats. The tempo
// changes with every beat, or bar.
export function conductorOf(piece, score, isPerBar = false) {
  const found = score?.conductor ?? null;
  if (!saysOfTime(piece)) return isPerBar ? score?.conductor_per_bar ?? null : found;
  const laidOut = barsOf(piece, score);
  if (!laidOut) return null;
  const said = piece.score.key === undefined ? null : readKeySignature(piece.score.key);
  const clock = found && new Clock(found.tempi);
  const keys = (found?.key_signatures ?? []).map(([tick, ...key]) => [clock.secondsAt(tick), ...key]);
  return conduct(tempoMapOf(laidOut, laidOut.signatures, said ? [[0, ...said]] : keys), isPerBar);
}
