// The sampled piano: notes at given times of the sound card's clock, and notes that last until they are let go.

const RELEASE_S = 0.07;
const FADE_S = 0.02; // of the level, and of notes that are cut off

export class Piano {
  // What `strike` plays goes through the level, what `press` plays goes straight to the `ear`.
  constructor(context, sounds, ear) {
    Object.assign(this, { context, sounds, ear });
    this.output = new GainNode(context);
    this.output.connect(ear);
    this.voices = new Set();
  }

  setLevel(level) { this.output.gain.setTargetAtTime(level, this.context.currentTime, FADE_S); }

  // Sounds a note from one time to another.
  strike(key, velocity, fromS, toS, output = this.output) {
    const voice = this.sound(key, velocity, fromS, output);
    this.voices.add(voice);
    voice.source.onended = () => this.voices.delete(voice);
    this.release(voice, toS);
    return voice;
  }

  // Sounds a note now, past the level, until it is released.
  press(key, velocity) { return this.sound(key, velocity, this.context.currentTime, this.ear); }

  release({ source, gain }, timeS = this.context.currentTime) {
    gain.gain.setTargetAtTime(0, timeS, RELEASE_S);
    source.stop(timeS + 8 * RELEASE_S);
  }

  sound(key, velocity, fromS, output) {
    const near = [...this.sounds.keys()].reduce((a, b) => (Math.abs(b - key) < Math.abs(a - key) ? b : a));
    const { buffer, startS } = this.sounds.get(near);
    const source = new AudioBufferSourceNode(this.context, { buffer, playbackRate: 2 ** ((key - near) / 12) });
    const gain = new GainNode(this.context, { gain: 0.8 * (velocity / 127) ** 1.7 });
    source.connect(gain).connect(output);
    source.start(fromS, startS);
    return { source, gain, fromS };
  }

  // Takes back the notes that have not begun.
  cancel() {
    for (const voice of this.voices) if (voice.fromS > this.context.currentTime) this.stop(voice, 0);
  }

  silence() {
    for (const voice of this.voices) this.stop(voice, FADE_S);
  }

  stop(voice, fadeS) {
    const nowS = this.context.currentTime;
    if (fadeS) voice.gain.gain.setTargetAtTime(0, nowS, fadeS / 4);
    voice.source.stop(nowS + fadeS);
    this.voices.delete(voice);
  }
}
