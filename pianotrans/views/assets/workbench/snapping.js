// Where times snap to: beats and parts of them, frames of the model, or nothing.

import { lastBefore } from "../shared/performance.js";

export const FRAME_S = 1024 / 44_100;

// `grid` is { to: "beats", parts, beats } with a list of { onset }, { to: "frames", startS }, or { to: "off" }.
// Before the first beat and behind the last one their tempo goes on.
export function snapTime(timeS, grid) {
  if (grid.to === "frames") {
    const startS = grid.startS ?? 0;
    return startS + Math.round((timeS - startS) / FRAME_S) * FRAME_S;
  }
  if (grid.to !== "beats" || grid.beats.length < 2) return timeS;
  return timeOfBeat(Math.round(beatAt(timeS, grid.beats) * grid.parts) / grid.parts, grid.beats);
}

// The length of a step at a time: how far an arrow key moves.
export function stepAt(timeS, grid) {
  if (grid.to === "frames") return FRAME_S;
  if (grid.to !== "beats" || grid.beats.length < 2) return 0.01;
  const i = stretchAt(timeS, grid.beats);
  return (grid.beats[i + 1].onset - grid.beats[i].onset) / grid.parts;
}

// A time as a number of beats since the first, and back; linear between two beats.
export function beatAt(timeS, beats) {
  const i = stretchAt(timeS, beats);
  return i + (timeS - beats[i].onset) / (beats[i + 1].onset - beats[i].onset);
}

export function timeOfBeat(beat, beats) {
  const i = withinBeats(Math.floor(beat), beats);
  return beats[i].onset + (beat - i) * (beats[i + 1].onset - beats[i].onset);
}

const stretchAt = (timeS, beats) => withinBeats(lastBefore(beats, timeS), beats);
const withinBeats = (i, beats) => Math.min(Math.max(i, 0), beats.length - 2);
