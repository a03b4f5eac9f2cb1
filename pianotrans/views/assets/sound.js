// Plays the recording, the sampled piano, and the cross-fade between the two. The recording keeps the time; without
// one the clock of the sound card does.

import { lastBefore, soundingEnds } from "./shared/performance.js";

const AHEAD_S = 1.2; // notes go to the sound card this long before they sound
const TICK_MS = 100; // in a hidden page browsers make it a second, which AHEAD_S covers
const RELEASE_S = 0.07;
const SILENCE = 0.01;
const SHORTEST_ALONE_S = 0.3; // a note that is heard by itself
const LONGEST_ALONE_S = 2;

export function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return bytes;
}

class Piano {
  constructor(samples) {
    this.samples = samples;
    this.sounds = new Map();
    this.voices = new Set();
  }

  // Decodes the samples when they are first needed: browsers allow no sound before a click or a key.
  async open() {
    if (this.context) return this.context.resume();
    this.context = new AudioContext();
    this.output = new GainNode(this.context, { gain: this.level ?? 1 });
    this.ear = new DynamicsCompressorNode(this.context);
    this.ear.connect(this.context.destination);
    this.output.connect(this.ear);
    const decoded = Object.entries(this.samples).map(async ([key, base64]) => {
      const buffer = await this.context.decodeAudioData(bytesOf(base64).buffer);
      const attack = buffer.getChannelData(0).findIndex((sample) => Math.abs(sample) > SILENCE);
      this.sounds.set(Number(key), { buffer, startS: Math.max(0, attack) / buffer.sampleRate });
    });
    await Promise.all(decoded);
    return this.context.resume();
  }

  setLevel(level) {
    this.level = level;
    this.output?.gain.setTargetAtTime(level, this.context.currentTime, 0.02);
  }

  // Sounds a note from one time to another of the context's clock; past the cross-fade where `output` is the ear.
  strike(key, velocity, fromS, toS, output = this.output) {
    const near = [...this.sounds.keys()].reduce((a, b) => (Math.abs(b - key) < Math.abs(a - key) ? b : a));
    const { buffer, startS } = this.sounds.get(near);
    const source = new AudioBufferSourceNode(this.context, { buffer, playbackRate: 2 ** ((key - near) / 12) });
    const gain = new GainNode(this.context, { gain: 0.8 * (velocity / 127) ** 1.7 });
    source.connect(gain).connect(output);
    gain.gain.setTargetAtTime(0, toS, RELEASE_S);
    source.start(fromS, startS);
    source.stop(toS + 8 * RELEASE_S);
    this.voices.add(source);
    source.onended = () => this.voices.delete(source);
  }

  silence() {
    for (const voice of this.voices) voice.stop();
    this.voices.clear();
  }
}

export class Player {
  constructor(performance, samples, recording) {
    this.performance = performance;
    this.piano = new Piano(samples);
    this.audio = recording && new Audio(URL.createObjectURL(recording));
    this.isPlaying = false;
    this.atS = this.startS;
    this.onChange = () => {};
    this.setEvents(performance);
    this.setFade(recording ? 0 : 1);
    this.audio?.addEventListener("ended", () => this.pause());
  }

  get startS() { return this.performance.startS; }
  get endS() { return this.performance.endS; }

  get nowS() {
    if (!this.isPlaying) return this.atS;
    return this.audio ? this.startS + this.audio.currentTime : this.atS + this.piano.context.currentTime - this.contextS;
  }

  setEvents({ notes, pedals }) {
    this.notes = notes;
    this.ends = soundingEnds(notes, pedals);
    if (this.isPlaying) this.scheduleAnew();
  }

  // 0 is the recording alone, 1 the piano alone; the sum keeps its power in between.
  setFade(part) {
    if (this.audio) this.audio.volume = Math.cos((part * Math.PI) / 2);
    this.piano.setLevel(Math.sin((part * Math.PI) / 2));
  }

  async play() {
    if (this.isPlaying || this.isStarting) return;
    this.isStarting = true;
    try {
      await this.piano.open();
      if (this.atS >= this.endS - 0.05 || this.audio?.ended) this.atS = this.startS;
      if (this.audio) {
        this.audio.currentTime = this.atS - this.startS;
        await this.audio.play();
      }
    } finally {
      this.isStarting = false;
    }
    this.contextS = this.piano.context.currentTime;
    this.isPlaying = true;
    this.scheduleAnew();
    this.timer = setInterval(() => this.schedule(), TICK_MS);
    this.onChange();
  }

  // One note by itself, on the piano; while all of them play, it is heard anyway.
  async sound(note) {
    if (this.isPlaying) return;
    await this.piano.open();
    this.piano.silence();
    const nowS = this.piano.context.currentTime;
    const lengthS = Math.min(Math.max(note.offset - note.onset, SHORTEST_ALONE_S), LONGEST_ALONE_S);
    this.piano.strike(note.key, note.velocity, nowS, nowS + lengthS, this.piano.ear);
  }

  pause() {
    if (!this.isPlaying) return;
    this.atS = Math.min(this.nowS, this.endS);
    this.isPlaying = false;
    clearInterval(this.timer);
    this.audio?.pause();
    this.piano.silence();
    this.onChange();
  }

  seek(timeS) {
    this.atS = Math.min(Math.max(timeS, this.startS), this.endS);
    if (this.audio) this.audio.currentTime = this.atS - this.startS;
    if (this.isPlaying) {
      this.contextS = this.piano.context.currentTime;
      this.scheduleAnew();
    }
    this.onChange();
  }

  scheduleAnew() {
    this.piano.silence();
    this.next = lastBefore(this.notes, this.nowS - 0.02) + 1;
    this.schedule();
  }

  schedule() {
    const nowS = this.nowS;
    if (nowS >= this.endS) {
      this.pause();
      return;
    }
    const contextS = this.piano.context.currentTime - nowS;
    for (; this.next < this.notes.length && this.notes[this.next].onset < nowS + AHEAD_S; this.next += 1) {
      const note = this.notes[this.next];
      const fromS = Math.max(contextS + note.onset, this.piano.context.currentTime);
      this.piano.strike(note.key, note.velocity, fromS, Math.max(contextS + this.ends[this.next], fromS + 0.03));
    }
  }
}
