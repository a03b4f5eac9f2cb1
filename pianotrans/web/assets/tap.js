// Hands on the sound that it gets, a tenth of a second at a time, as numbers of 16 bits. Runs in the audio thread, so it
// is not a module of the page.

const LARGEST = 32767;

class Tap extends AudioWorkletProcessor {
  constructor() {
    super();
    this.begin();
  }

  begin() {
    this.block = new Int16Array(Math.round(sampleRate / 10));
    this.nFilled = 0;
  }

  process([[samples]]) {
    for (const sample of samples ?? []) {
      this.block[this.nFilled] = Math.round(Math.max(-1, Math.min(1, sample)) * LARGEST);
      this.nFilled += 1;
      if (this.nFilled < this.block.length) continue;
      this.port.postMessage(this.block, [this.block.buffer]);
      this.begin();
    }
    return true;
  }
}

registerProcessor("tap", Tap);
