// Records from the microphone, without the processing that browsers apply to speech.

import { t } from "./shared/texts.js";

const KINDS = [["audio/webm;codecs=opus", "webm"], ["audio/mp4", "m4a"], ["audio/ogg;codecs=opus", "ogg"]];
const SOUND = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
const BITS_PER_SECOND = 256_000;
const PIECE_MS = 1000;

export class Recorder {
  // Starts to record, or throws an error with a message for the reader. Calls `onEnd` if the microphone goes away.
  static async start(onEnd) {
    if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder) {
      throw new Error(window.isSecureContext
        ? t("page.cannot_record")
        : t("page.insecure"));
    }
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: SOUND });
    } catch (error) {
      throw new Error(reason(error));
    }
    return new Recorder(stream, onEnd);
  }

  constructor(stream, onEnd) {
    this.stream = stream;
    [, this.ending] = KINDS.find(([kind]) => MediaRecorder.isTypeSupported(kind)) ?? ["", "webm"];
    const [mimeType] = KINDS.find(([, ending]) => ending === this.ending);
    this.media = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: BITS_PER_SECOND });
    this.pieces = [];
    this.media.addEventListener("dataavailable", (event) => this.pieces.push(event.data));
    this.media.start(PIECE_MS);
    this.beganMs = performance.now();
    stream.getAudioTracks()[0].addEventListener("ended", onEnd);

    this.context = new AudioContext();
    this.analyser = new AnalyserNode(this.context, { fftSize: 4096 });
    this.source = this.context.createMediaStreamSource(stream);
    this.source.connect(this.analyser);
    this.samples = new Float32Array(this.analyser.fftSize);
  }

  get lengthS() { return (performance.now() - this.beganMs) / 1000; }

  // The loudest sample of the last 4096, 0 to 1.
  get peak() {
    this.analyser.getFloatTimeDomainData(this.samples);
    return this.samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
  }

  get sampleRate() { return this.context.sampleRate; }

  // From now on hands the sound on, too: blocks of 16-bit numbers, one channel. Fails where the browser cannot do that.
  async tap(onBlock) {
    await this.context.audioWorklet.addModule("/assets/tap.js");
    const tap = new AudioWorkletNode(this.context, "tap", { channelCount: 1, channelCountMode: "explicit" });
    tap.port.onmessage = ({ data }) => onBlock(data);
    this.source.connect(tap).connect(this.context.destination); // silent, but what leads nowhere may not run
  }

  async stop() {
    if (this.media.state !== "inactive") {
      const ended = new Promise((resolve) => { this.media.addEventListener("stop", resolve, { once: true }); });
      this.media.stop();
      await ended;
    }
    for (const track of this.stream.getTracks()) track.stop();
    await this.context.close();
    return new File(this.pieces, `${t("page.recording_name", { when: stamp(new Date()) })}.${this.ending}`, { type: this.media.mimeType });
  }
}

function reason(error) {
  if (error.name === "NotAllowedError") {
    return t("page.not_allowed");
  }
  if (error.name === "NotFoundError") return t("page.no_microphone");
  return t("page.microphone_trouble", { why: error.message });
}

function stamp(date) {
  const two = (n) => String(n).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day} ${two(date.getHours())}.${two(date.getMinutes())}.${two(date.getSeconds())}`;
}
