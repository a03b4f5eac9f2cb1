// The panel for recording: level, clock, notes as they are heard, stop. The recording is then uploaded like a dropped file.

import { Preview } from "./preview.js";
import { PreviewRoll } from "./preview_roll.js";
import { Recorder } from "./recorder.js";
import { clock } from "./shared/format.js";
import { t } from "./shared/texts.js";

const BAR_PX = 6;
const BARS_A_SECOND = 12;
const FLOOR_DB = -60;
const CLIPPING = 0.99; // of the way from the floor to full scale; the last half decibel is shown as too loud

export class RecordingPanel {
  constructor(elements, limits, { onFile, onStart, onEnd, onTrouble, announce }) {
    Object.assign(this, { elements, limits, onFile, onStart, onEnd, onTrouble, announce });
    const { level: { width }, roll } = elements;
    this.roll = new PreviewRoll(roll, width / BAR_PX / BARS_A_SECOND); // as long as the level
    elements.stop.addEventListener("click", () => this.finish());
    elements.discard.addEventListener("click", () => this.end());
  }

  get isRecording() { return !!this.recorder; }

  async begin() {
    if (this.isRecording || this.isAsking) return;
    this.isAsking = true;
    try {
      this.recorder = await Recorder.start(() => this.finish());
    } catch (error) {
      this.onTrouble(error.message);
      return;
    } finally {
      this.isAsking = false;
    }
    this.peaks = [];
    this.onStart();
    this.elements.panel.hidden = false;
    this.elements.stop.focus();
    this.announce(t("page.recording"));
    this.preview = new Preview(this.recorder);
    this.timer = setInterval(() => this.tick(), 1000 / BARS_A_SECOND);
    this.tick();
  }

  tick() {
    const { lengthS, peak } = this.recorder;
    const label = clock(lengthS);
    if (this.elements.clock.value !== label) this.elements.clock.value = label;
    this.peaks.push(Math.min(1, Math.max(0, 1 - (20 * Math.log10(peak + 1e-9)) / FLOOR_DB)));
    this.paint();
    this.showPreview();
    if (lengthS >= (this.limits.max_duration_s ?? Infinity)) this.finish();
  }

  paint() {
    const { level: canvas } = this.elements;
    const pen = canvas.getContext("2d");
    const { color, outlineColor } = getComputedStyle(canvas);
    const shown = this.peaks.slice(-Math.floor(canvas.width / BAR_PX));
    pen.clearRect(0, 0, canvas.width, canvas.height);
    shown.forEach((peak, i) => {
      const tall = Math.max(2, peak * canvas.height);
      pen.fillStyle = peak > CLIPPING ? outlineColor : color;
      pen.fillRect(canvas.width - BAR_PX * (shown.length - i), (canvas.height - tall) / 2, BAR_PX - 2, tall);
    });
  }

  showPreview() {
    const { roll, words } = this.elements;
    const { preview } = this;
    roll.hidden = !!preview.trouble;
    this.roll.paint(preview, preview.nowS);
    if (words.textContent !== preview.words) words.textContent = preview.words;
  }

  async finish() {
    const file = await this.end();
    if (file) this.onFile(file);
  }

  // Ends the recording and gives its file.
  async end() {
    const { recorder } = this;
    if (!recorder) return null;
    this.recorder = null;
    clearInterval(this.timer);
    this.preview.end();
    const file = await recorder.stop();
    this.elements.panel.hidden = true;
    this.onEnd();
    return file;
  }
}
