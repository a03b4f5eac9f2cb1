// Plays the recording, the sampled piano, and the cross-fade between the two: at any speed, round a loop, one hand alone,
// with a metronome. The sound card's clock keeps the time; where the recording is heard, it is set by that.

import { lastEndOf, soundingEnds } from "../shared/performance.js";
import { t } from "../shared/texts.js";
import { Metronome, countIn } from "./metronome.js";
import { Piano } from "./piano.js";
import { Recording } from "./recording.js";
import { decodeSamples } from "./samples.js";
import { Schedule } from "./schedule.js";
import { Transport } from "./transport.js";

export const SPEEDS = { slowest: 0.25, fastest: 1.5 }; // browsers are silent at slower ones
const AHEAD_S = 1.2; // of its clock: notes go to the sound card this long before they sound
const TICK_MS = 100; // in a hidden page browsers make it a second, which AHEAD_S covers
const LATE_S = 0.02; // a note that should have begun this long ago is still struck
const LARGEST_DRIFT_S = 0.03; // between the piano and the recording: from here on notes are sent anew
const DRIFT_STEP = 0.1; // of less, at every tick, for the notes that come then
const SLOW_CARD_MS = 10_000; // a sound card that has not begun by then is not there
const READY_S = 0.1; // before the first click of a count-in
const SHORTEST_ALONE_S = 0.3; // a note that is heard by itself
const LONGEST_ALONE_S = 2;

// Fires "change" when it starts, stops, jumps, or is set otherwise, and "trouble" with an error as its `detail`.
export class Player extends EventTarget {
  constructor(song, samples, recording) {
    super();
    Object.assign(this, { song, samples, recording: recording && new Recording(recording, song.startS) });
    this.atS = song.startS; // where it stands, or began
    this.isPlaying = this.isLed = this.hasMetronome = this.countsIn = false;
    this.fade = recording ? 0 : 1;
    this.speed = 1;
    this.loop = null; // { startS, endS }
    this.hand = null; // 1 is the right one alone, 2 the left one
    this.stopS = null; // where a part that is heard once ends
    this.beats = [];
    this.setEvents(song);
    this.setLevels();
    this.recording?.onEnd(() => this.onBorder());
  }

  get startS() { return this.song.startS; }

  // Hands can be told apart on the piano alone.
  get usesRecording() { return this.recording !== null && this.fade < 1 && this.hand === null; }

  get nowS() {
    if (!this.transport || this.isWaiting) return this.atS;
    return this.isLed ? this.recording.nowS : this.sentS;
  }

  // For the count-in, or for the recording.
  get isWaiting() {
    return this.usesRecording ? !this.isLed : this.context.currentTime < this.transport.contextAt(this.atS);
  }

  // Up to here the sound card has been given the music.
  get sentS() { return this.transport.songAt(this.context.currentTime); }

  // What is heard now was given to the sound card then: the recording's time is that of the ear.
  get earS() { return this.context.currentTime - (this.context.outputLatency || 0); }

  // How far the recording is ahead of the piano.
  get driftS() { return this.recording.nowS - this.transport.songAt(this.earS); }

  // The notes to play. While it plays they are heard at once; those that sound already go on.
  setEvents({ notes, pedals }) {
    this.events = { notes, pedals };
    this.endS = lastEndOf(pedals, lastEndOf(notes, this.song.durationS)); // or where the recording ends
    this.found = null;
    this.resend();
  }

  // When the sound of each note ends; found once it is asked for.
  get ends() {
    this.found ??= soundingEnds(this.events.notes, this.events.pedals);
    return this.found;
  }

  // [{ onset, isDownbeat }] in order; without any there is neither metronome nor count-in.
  setBeats(beats) {
    this.beats = beats;
    this.setMetronome(this.hasMetronome);
    this.setCountIn(this.countsIn);
  }

  setMetronome(isOn) {
    this.hasMetronome = isOn && this.beats.length > 0;
    this.resend();
    this.tell();
  }

  setCountIn(isOn) {
    this.countsIn = isOn && this.beats.length > 1;
    this.tell();
  }

  // 0 is the recording alone, 1 the piano alone; the sum keeps its power in between.
  setFade(part) { this.change({ fade: part }); }

  // One hand alone, or both (null). Notes of no hand are always heard.
  setHand(hand) {
    this.piano?.silence();
    this.change({ hand });
  }

  // 1 is as it was played; the pitch stays.
  setSpeed(speed) { this.change({ speed: Math.min(Math.max(speed, SPEEDS.slowest), SPEEDS.fastest) }); }

  // From now on the music goes round in there; null is straight on.
  setLoop(loop) {
    this.change({ loop });
    if (loop && this.isPlaying && !this.isInLoop) this.seek(loop.startS);
  }

  get isInLoop() { return this.nowS >= this.loop.startS && this.nowS < this.loop.endS; }

  async play({ countsIn = this.countsIn } = {}) {
    if (this.isPlaying) return;
    const turn = this.takeTurn();
    this.isPlaying = true;
    this.tell();
    try {
      await this.open();
      if (this.turn !== turn) return;
      if (this.stopS === null) this.atS = this.placeToStart();
      this.recording?.seek(this.atS);
      this.timer = setInterval(() => this.tick(), TICK_MS);
      await this.run({ clicks: countsIn ? countIn(this.beats, this.atS) : [] });
    } catch (error) {
      this.pause();
      throw error;
    }
  }

  placeToStart() {
    if (this.loop && !this.isInLoop) return this.loop.startS;
    return this.atS >= this.endS - 0.05 || this.recording?.isAtEnd ? this.startS : this.atS;
  }

  // From one place to another, once.
  playPart(startS, endS) {
    this.pause();
    this.seek(startS);
    this.stopS = endS;
    return this.play({ countsIn: false });
  }

  // One note by itself, on the piano; while all of them play, it is heard anyway.
  async sound(note) {
    if (this.isPlaying) return;
    await this.open();
    this.piano.silence();
    const nowS = this.context.currentTime;
    const lengthS = Math.min(Math.max(note.offset - note.onset, SHORTEST_ALONE_S), LONGEST_ALONE_S);
    this.piano.strike(note.key, note.velocity, nowS, nowS + lengthS, this.piano.ear);
  }

  pause() {
    if (!this.isPlaying) return;
    this.atS = Math.min(this.nowS, this.endS);
    this.isPlaying = this.isLed = false;
    this.turn = this.transport = this.stopS = null;
    clearInterval(this.timer);
    clearTimeout(this.border);
    this.recording?.pause();
    this.piano?.silence();
    this.schedule?.metronome.cancel();
    this.tell();
  }

  seek(timeS) {
    this.stopS = null;
    this.jump(Math.min(Math.max(timeS, this.startS), this.endS));
    this.tell();
  }

  jump(timeS) {
    this.atS = timeS;
    this.recording?.seek(timeS);
    if (!this.transport) return;
    this.piano.silence();
    this.goOn();
  }

  // Browsers allow no sound before a click or a key, so the sound card is opened when it is first needed.
  async open() {
    this.opening ??= this.openInstruments();
    await this.opening;
    const isLate = passed(SLOW_CARD_MS).then(() => { throw new Error(t("listen.no-sound-card")); });
    await Promise.race([this.context.resume(), isLate]); // without a sound card Firefox waits for ever
  }

  async openInstruments() {
    this.context = new AudioContext();
    const ear = new DynamicsCompressorNode(this.context);
    ear.connect(this.context.destination);
    this.piano = new Piano(this.context, await decodeSamples(this.context, this.samples), ear);
    this.schedule = new Schedule(this.piano, new Metronome(this.context, ear));
    this.setLevels();
  }

  setLevels() {
    this.recording?.setLevel(Math.cos((this.fade * Math.PI) / 2));
    this.piano?.setLevel(this.usesRecording ? Math.sin((this.fade * Math.PI) / 2) : 1);
  }

  // The music begins at `atS`: after the clicks of a count-in, and when the recording is there, if that is heard.
  async run({ clicks = [], fromS = this.atS - LATE_S } = {}) {
    const turn = this.takeTurn();
    this.isLed = false;
    if (!this.usesRecording) this.recording?.pause();
    const contextS = this.context.currentTime + (clicks.length ? READY_S : 0);
    this.begin({ contextS, songS: clicks[0]?.onset ?? this.atS }, fromS, clicks);
    if (!this.usesRecording) return;
    try {
      await passed((this.transport.contextAt(this.atS) - this.context.currentTime - this.recording.lagS) * 1000);
      if (this.turn !== turn) return;
      await this.recording.play();
    } catch (error) {
      if (this.turn === turn) throw error; // else a pause came before the recording did
    }
    if (this.turn !== turn) return;
    this.isLed = true;
    this.followRecording(fromS);
  }

  // What waits for something looks at it to see whether somebody else came first.
  takeTurn() {
    this.turn = {};
    return this.turn;
  }

  goOn(run) {
    this.run(run).catch((error) => this.dispatchEvent(new CustomEvent("trouble", { detail: error })));
  }

  followRecording(fromS) { this.begin({ contextS: this.earS, songS: this.recording.nowS }, fromS); }

  begin(place, fromS, clicks = []) {
    this.round = this.stopS === null && this.loop && place.songS < this.loop.endS ? this.loop : null;
    this.transport = new Transport({ ...place, speed: this.speed, loop: this.usesRecording ? null : this.round });
    this.schedule.begin(this.transport, { ...this.heard(), clicks, fromS });
    this.tick();
  }

  heard() {
    const { ends, events: { notes } } = this;
    const beats = this.hasMetronome ? this.beats : [];
    if (this.hand === null) return { notes, ends, beats };
    const isHeard = (i) => (notes[i].hand ?? this.hand) === this.hand;
    return { notes: notes.filter((_, i) => isHeard(i)), ends: ends.filter((_, i) => isHeard(i)), beats };
  }

  // Goes on as before, with other notes or clicks.
  resend() {
    if (!this.transport) return;
    Object.assign(this.schedule, this.heard());
    this.schedule.resume(this.transport.reachedAt(this.context.currentTime));
    this.tick();
  }

  // Goes on with other settings, from where it is.
  change(settings) {
    const isCounting = this.transport && this.isWaiting;
    const { isLed, nowS } = this;
    const sentS = this.transport && this.sentS;
    Object.assign(this, settings);
    this.recording?.setSpeed(this.speed);
    this.setLevels();
    if (isLed && this.usesRecording) {
      this.followRecording(sentS);
    } else if (this.transport) {
      this.atS = nowS;
      if (this.usesRecording) this.recording.seek(nowS);
      this.goOn(isCounting ? { clicks: this.schedule.clicks.length ? countIn(this.beats, nowS) : [] } : { fromS: nowS });
    }
    this.tell();
  }

  tick() {
    if (this.isLed && Math.abs(this.driftS) > LARGEST_DRIFT_S) {
      this.followRecording(this.sentS);
      return;
    }
    if (this.isLed) this.transport = this.schedule.transport = this.transport.shifted(DRIFT_STEP * this.driftS);
    const aheadS = this.transport.reachedAt(this.context.currentTime) + AHEAD_S * this.speed;
    const isHeld = this.usesRecording && !this.isLed; // only the count-in is heard
    this.schedule.send(Math.min(aheadS, this.borderS, isHeld ? this.atS - LATE_S : Infinity));
    if (this.isWaiting) return;
    const leftMs = ((this.borderS - this.nowS) / this.speed) * 1000;
    clearTimeout(this.border);
    if (leftMs < 2 * TICK_MS) this.border = setTimeout(() => this.onBorder(), leftMs);
  }

  // Where the music stops, or the recording jumps back. The piano alone goes round without that.
  get borderS() {
    if (this.stopS !== null) return this.stopS;
    if (this.round) return this.usesRecording ? this.round.endS : Infinity;
    return this.endS;
  }

  onBorder() {
    if (this.round && this.stopS === null && this.transport) this.jump(this.round.startS);
    else this.pause();
  }

  tell() { this.dispatchEvent(new Event("change")); }
}

const passed = (ms) => new Promise((done) => { setTimeout(done, ms); });
