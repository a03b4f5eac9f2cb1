// What the MIDI is for: a receiver, and how long notes last. Both choices are remembered.

import { fit, optionsOf } from "../shared/fitting.js";
import { recall, remember } from "../shared/memory.js";

const REMEMBERED = "taking away";
const NOBODY = { receiver: "", durations: "keys" };

export class Receiving {
  // `receivers` are the settings of each by name, `madeBy` says what made the transcription.
  constructor(root, receivers, madeBy) {
    Object.assign(this, { receivers, madeBy });
    [this.receiver, this.durations] = root.querySelectorAll("select");
    const { receiver, durations } = { ...NOBODY, ...recall(REMEMBERED, NOBODY) };
    if (receiver in receivers) this.receiver.value = receiver;
    if (durations === "sounding") this.durations.value = durations;
    root.addEventListener("change", () => remember(REMEMBERED, this.choice));
  }

  get choice() { return { receiver: this.receiver.value, durations: this.durations.value }; }
  get settings() { return { ...this.receivers[this.receiver.value], ...this.choice }; }
  get isPerBar() { return this.settings.tempo_per === "bar"; }
  get ending() { return this.durations.value === "sounding" ? ".sounding" : ""; } // of a name

  // The events as the receiver needs them, and what `midiBytes` is told of the file.
  fit(events, { conductor, hasHands }) {
    const { settings } = this;
    const { format = 1, hands = false } = settings;
    const text = [this.madeBy, ...optionsOf(settings)].join(" ");
    return { ...fit(events, settings), how: { conductor, byHand: hands && hasHands, format, text } };
  }
}
