// Notes while one plays: sends the sound of a recorder to the server as it comes, and keeps what the answers tell. If the
// server is slow, sound is left out; if it fails, only these notes are missing.

import { beginPreview, endPreview, sendSound } from "./api.js";
import { t } from "./shared/texts.js";

const MOST_UNSENT_S = 2;
const AGAIN_MS = 3000;
const PASSING = new Set([0, 404, 429]); // no answer; ended in the meantime; somebody else records
const KEPT_S = 30; // of notes that have ended

let farewell = Promise.resolve(); // the server hears one recording at a time: the last one is ended before the next begins

export class Preview {
  constructor(recorder) {
    this.recorder = recorder;
    this.notes = []; // with `offset` null while they sound
    this.pedals = [];
    this.keys = new Set(); // that were played
    this.nNotes = 0;
    this.heardS = 0;
    this.isReady = this.isOver = this.isSending = false;
    this.trouble = "";
    this.blocks = []; // that are not sent yet
    this.nTaken = this.nUnsent = 0; // samples
    this.takenMs = performance.now(); // when the last block came
    this.againMs = 0;
    this.leave = () => this.end();
    addEventListener("pagehide", this.leave);
    recorder.tap((block) => this.take(block)).catch((error) => this.fail(error));
  }

  // The time of the sound at this moment.
  get nowS() { return this.nTaken / this.recorder.sampleRate + (performance.now() - this.takenMs) / 1000; }

  get words() {
    if (this.trouble) return t("page.no_preview", { why: this.trouble });
    return t(this.isReady ? "page.preview" : "page.preview_soon");
  }

  take(block) {
    if (this.isOver) return;
    this.blocks.push(block);
    this.nTaken += block.length;
    this.takenMs = performance.now();
    this.nUnsent += block.length;
    while (this.nUnsent > MOST_UNSENT_S * this.recorder.sampleRate) this.nUnsent -= this.blocks.shift().length;
    this.send();
  }

  // One request at a time; what comes meanwhile goes with the next.
  async send() {
    if (this.isSending || performance.now() < this.againMs) return;
    this.isSending = true;
    try {
      await farewell;
      this.id ??= (await beginPreview(this.recorder.sampleRate)).id;
      if (!this.isOver) this.add(await sendSound(this.id, this.nTaken - this.nUnsent, this.unsent()));
    } catch (error) {
      this.fail(error);
    } finally {
      this.isSending = false;
    }
    if (this.isOver) this.end(); // it ended while the server was asked
  }

  unsent() {
    const { blocks } = this;
    this.blocks = [];
    this.nUnsent = 0;
    return new Blob(blocks);
  }

  add({ is_ready: isReady, heard_s: heardS, notes, pedals }) {
    Object.assign(this, { isReady, heardS, trouble: "" });
    for (const [onset, offset, key, velocity, confidence] of notes) {
      hearOf(this.notes, "key", { onset, offset, key, velocity, confidence });
      this.keys.add(key);
      if (offset === null) this.nNotes += 1;
    }
    for (const [onset, offset, controller] of pedals) hearOf(this.pedals, "controller", { onset, offset, controller });
    const isRecent = ({ offset }) => offset === null || offset > heardS - KEPT_S;
    this.notes = this.notes.filter(isRecent);
    this.pedals = this.pedals.filter(isRecent);
  }

  fail(error) {
    if (this.isOver) return;
    this.trouble = error.message;
    this.id = undefined;
    for (const one of [...this.notes, ...this.pedals]) one.offset ??= this.heardS;
    if (PASSING.has(error.status)) this.againMs = performance.now() + AGAIN_MS;
    else this.end();
  }

  end() {
    this.isOver = true;
    removeEventListener("pagehide", this.leave);
    if (this.id !== undefined) farewell = endPreview(this.id).catch(() => {}); // it also ends by itself
    this.id = undefined;
  }
}

// Adds a note, or ends the one of its key that sounds.
function hearOf(all, number, one) {
  const sounding = all.find((other) => other[number] === one[number] && other.offset === null);
  if (sounding) sounding.offset = one.offset ?? one.onset;
  if (!sounding || one.offset === null) all.push(one);
}
