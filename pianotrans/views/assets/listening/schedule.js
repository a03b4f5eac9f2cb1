// Sends notes and clicks to the sound card, somewhat ahead of their time. Places are those that the transport reaches.

import { lastBefore } from "../shared/performance.js";

const SHORTEST_STRIKE_S = 0.03; // of a note that is struck late

export class Schedule {
  constructor(piano, metronome) {
    Object.assign(this, { piano, metronome });
  }

  // `notes` sound until `ends` and `beats` click, from `fromS` on; before that only the `clicks` of a count-in do.
  begin(transport, { notes, ends, beats, clicks, fromS }) {
    Object.assign(this, { transport, notes, ends, beats, clicks, fromS });
    this.resume(clicks[0]?.onset ?? fromS);
  }

  // Takes back what has not begun; what comes after this place is sent anew.
  resume(sentS) {
    this.piano.cancel();
    this.metronome.cancel();
    this.sentS = sentS;
  }

  send(untilS) {
    for (const stretch of this.transport.stretches(this.sentS, untilS)) {
      const musicS = Math.max(stretch.fromS, this.fromS - stretch.shiftS); // where the music begins in it
      this.sendNotes(musicS, stretch);
      this.sendClicks(this.beats, musicS, stretch.toS, stretch);
      if (!stretch.shiftS) this.sendClicks(this.clicks, stretch.fromS, Math.min(stretch.toS, this.fromS), stretch);
    }
    this.sentS = Math.max(this.sentS, untilS);
  }

  sendNotes(fromS, { toS, shiftS }) {
    const lastS = this.transport.loop?.endS ?? Infinity;
    for (const i of indicesBetween(this.notes, fromS, toS)) {
      const { onset, key, velocity } = this.notes[i];
      const atS = this.contextAt(onset + shiftS);
      const endS = this.contextAt(Math.min(this.ends[i], lastS) + shiftS);
      this.piano.strike(key, velocity, atS, Math.max(endS, atS + SHORTEST_STRIKE_S));
    }
  }

  sendClicks(beats, fromS, toS, { shiftS }) {
    for (const i of indicesBetween(beats, fromS, toS)) {
      this.metronome.click(this.contextAt(beats[i].onset + shiftS), beats[i].isDownbeat);
    }
  }

  contextAt(reachedS) { return Math.max(this.transport.contextAt(reachedS), this.piano.context.currentTime); }
}

// Of the events that begin at `fromS` or later and before `toS`.
function indicesBetween(events, fromS, toS) {
  let first = lastBefore(events, fromS);
  while (first >= 0 && events[first].onset === fromS) first -= 1;
  const found = [];
  for (let i = first + 1; i < events.length && events[i].onset < toS; i += 1) found.push(i);
  return found;
}
