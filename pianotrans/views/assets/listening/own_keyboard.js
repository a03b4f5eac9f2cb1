// The reader's own keyboard, by Web MIDI: it is heard on the sampled piano, and its keys light up on the roll.

import { SUSTAIN } from "../shared/performance.js";

const MESSAGE = { noteOff: 0x80, noteOn: 0x90, controller: 0xb0 };

// Fires "change" when it is switched on or off, and when a keyboard is plugged in or out.
export class OwnKeyboard extends EventTarget {
  constructor(player, roll) {
    super();
    Object.assign(this, { player, roll, access: null, voices: new Map(), held: new Set(), isPedalDown: false });
  }

  static get isPossible() { return "requestMIDIAccess" in navigator; }

  get isOn() { return this.access !== null; }
  get names() { return [...(this.access?.inputs.values() ?? [])].map((input) => input.name); }

  // The browser may ask whether the page is allowed to. Throws where it is not.
  async open() {
    const [access] = await Promise.all([navigator.requestMIDIAccess(), this.player.open()]);
    this.access = access;
    access.onstatechange = () => this.connect();
    this.connect();
  }

  connect() {
    for (const input of this.access.inputs.values()) input.onmidimessage = ({ data }) => this.onMessage(data);
    this.dispatchEvent(new Event("change"));
  }

  close() {
    for (const input of this.access.inputs.values()) input.onmidimessage = null;
    this.access.onstatechange = null;
    this.access = null;
    this.held.clear();
    this.setPedal(false);
    this.dispatchEvent(new Event("change"));
  }

  onMessage([status, number, value]) {
    const kind = status & 0xf0;
    if (kind === MESSAGE.noteOn && value > 0) this.press(number, value);
    else if (kind === MESSAGE.noteOn || kind === MESSAGE.noteOff) this.letGo(number);
    else if (kind === MESSAGE.controller && number === SUSTAIN) this.setPedal(value >= 64);
    this.roll.pressed = this.held;
    this.roll.drawMoving();
  }

  press(key, velocity) {
    this.silence(key);
    this.held.add(key);
    this.voices.set(key, this.player.piano.press(key, velocity));
  }

  letGo(key) {
    this.held.delete(key);
    if (!this.isPedalDown) this.silence(key);
  }

  setPedal(isDown) {
    this.isPedalDown = isDown;
    if (isDown) return;
    for (const key of this.voices.keys()) if (!this.held.has(key)) this.silence(key);
  }

  silence(key) {
    if (this.voices.has(key)) this.player.piano.release(this.voices.get(key));
    this.voices.delete(key);
  }
}
