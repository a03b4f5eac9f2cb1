// What the MIDI is for: a receiver, and how long notes last. Both choices are remembered.

import { fit, optionsOf } from "../shared/fitting.js";
import { recall, remember } from "../shared/memory.js";

const REMEMBERED = "taking away";
const NOBODY = { receiver: "", durations: "keys" };
const LASTING = { keys: ["keys"], sounding: ["sounding"], both: ["keys", "sounding"] }; // of the notes, for each file

export class Receiving {
  // `receivers` are the settings of each by name, `madeBy` says what made the transcription.
  constructor(root, receivers, madeBy) {
    Object.assign(this, { receivers, madeBy });
    [this.receiver, this.durations] = root.querySelectorAll("select");
    const { receiver, durations } = { ...NOBODY, ...recall(REMEMBERED, NOBODY) };
    if (receiver in receivers) this.receiver.value = receiver;
    if (durations in LASTING) this.durations.value = durations;
    root.addEventListener("change", () => remember(REMEMBERED, this.choice));
  }

  get choice() { return { receiver: this.receiver.value, durations: this.durations.value }; }
  get choices() { return this.choicesOf(this.durations.value); } // one for each file
  get both() { return this.choicesOf("both"); }
  get isPerBar() { return this.settingsOf(this.choice).tempo_per === "bar"; }

  choicesOf(durations) { return LASTING[durations].map((one) => ({ ...this.choice, durations: one })); }
  settingsOf(choice) { return { ...this.receivers[choice.receiver], ...choice }; }

  // The events as the receiver needs them, and what `midiBytes` is told of the file.
  fit(events, choice, { conductor, hasHands }) {
    const settings = this.settingsOf(choice);
    const { format = 1, hands = false } = settings;
    const text = [this.madeBy, ...optionsOf(settings)].join(" ");
    return { ...fit(events, settings), how: { conductor, byHand: hands && hasHands, format, text } };
  }
}

// What stands before `.mid` in the name of the file.
export const endingOf = ({ durations }) => (durations === "sounding" ? ".sounding" : "");
