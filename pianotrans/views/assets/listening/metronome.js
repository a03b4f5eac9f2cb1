// The metronome: clicks on the beats, and a bar of them before the music begins.

import { lastBefore } from "../shared/performance.js";

const CLICK = { lengthS: 0.04, accentHz: 1760, plainHz: 1175, accent: 0.5, plain: 0.3 };
const ON_THE_BEAT_S = 0.03; // a place this far behind a beat is on it

export class Metronome {
  constructor(context, output) {
    Object.assign(this, { context, output });
    this.clicks = new Set();
  }

  click(timeS, isAccented) {
    const source = new OscillatorNode(this.context, { frequency: isAccented ? CLICK.accentHz : CLICK.plainHz });
    const gain = new GainNode(this.context, { gain: isAccented ? CLICK.accent : CLICK.plain });
    source.connect(gain).connect(this.output);
    gain.gain.setTargetAtTime(0, timeS, CLICK.lengthS / 5);
    source.start(timeS);
    source.stop(timeS + CLICK.lengthS);
    const click = { source, timeS };
    this.clicks.add(click);
    source.onended = () => this.clicks.delete(click);
  }

  // Takes back the clicks that have not begun.
  cancel() {
    for (const { source, timeS } of this.clicks) if (timeS > this.context.currentTime) source.stop();
  }
}

// The clicks of one bar before a place, in the tempo and in step with the beats there: [{ onset, isDownbeat }].
export function countIn(beats, atS) {
  if (beats.length < 2) return [];
  const near = Math.min(lastBefore(beats, atS - ON_THE_BEAT_S) + 1, beats.length - 1); // the next one, if there is one
  const before = Math.min(near, beats.length - 2);
  const periodS = beats[before + 1].onset - beats[before].onset;
  const { first, nBeats } = barAround(beats, near);
  const end = Math.ceil((atS - ON_THE_BEAT_S - beats[near].onset) / periodS); // in periods from the near beat
  return Array.from({ length: nBeats }, (_, i) => {
    const k = end - nBeats + i;
    return { onset: beats[near].onset + k * periodS, isDownbeat: (near - first + k) % nBeats === 0 };
  });
}

// The bar of a beat: its first beat, and how many it has. The last one, which nothing closes, is as long as that before.
function barAround(beats, index) {
  const downbeats = beats.flatMap((beat, i) => (beat.isDownbeat ? [i] : []));
  if (downbeats.length < 2) return { first: downbeats[0] ?? 0, nBeats: 4 };
  const at = Math.max(0, downbeats.findLastIndex((i) => i <= index));
  const closed = Math.min(at, downbeats.length - 2);
  return { first: downbeats[at], nBeats: downbeats[closed + 1] - downbeats[closed] };
}
