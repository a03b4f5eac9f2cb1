// The piano roll on its canvas: the keyboard at the left, notes, bars, pedal lanes and times. Draws only what is in view.

import { BAR_COLOURS, paintBars } from "./bars.js";
import { readColours } from "./colours.js";
import { clock, keyName } from "./format.js";
import { NotePainter, keyRange } from "./notes.js";
import { PEDALS, heldNotes, lastBefore, longestOf } from "./performance.js";

export const KEYBOARD_PX = 54;
const BLACK_KEY_PX = 33;
const LANE_PX = 16;
const TIMES_PX = 22;
const NUMBERS_PX = 20; // of bars, above the notes
const TICK_PX = 5; // of times, where bars take the lines
const FEWEST_KEYS = 49;
const MARGIN_KEYS = 3;
const SHORTEST_VIEW_S = 0.5;
const TICKS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800];
const SHORTEST_NOTE_PX = 1.5;
const COLOURS = ["paper", "line", "quiet", "now", "black-row", "white-key", "black-key", "key-name"];

const isBlack = (key) => [1, 3, 6, 8, 10].includes(key % 12);

export class Roll {
  constructor(canvas, performance, bars) {
    this.canvas = canvas;
    this.performance = performance;
    this.bars = bars;
    this.byHand = false;
    this.topPx = bars.list.length ? NUMBERS_PX : 0;
    [this.lowest, this.highest] = keyRange(performance.notes, FEWEST_KEYS, MARGIN_KEYS);
    this.lanes = [...PEDALS.keys()].filter((kind) => performance.pedals.some((pedal) => pedal.controller === kind));
    this.nowS = performance.startS;
    this.startS = performance.startS; // of the view
    this.lengthS = Math.min(this.fullS, 30);
    this.isDrawing = false;
    this.show(performance);
    this.readTheme();
    addEventListener("themechange", () => this.readTheme());
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  get fullS() { return Math.max(this.performance.endS - this.performance.startS, 1); }
  get pixelsPerS() { return (this.canvas.clientWidth - KEYBOARD_PX) / this.lengthS; }

  show({ notes, pedals }) {
    this.notes = notes;
    this.pedals = pedals;
    this.longestS = longestOf(notes);
    this.draw();
  }

  colourByHand(byHand) {
    this.byHand = byHand;
    this.readTheme();
  }

  readTheme() {
    this.theme = readColours([...COLOURS, ...BAR_COLOURS, ...[...PEDALS.values()].map((name) => `pedal-${name}`)]);
    this.painter = new NotePainter({ byHand: this.byHand });
    this.draw();
  }

  timeAt(x) { return this.startS + (x - KEYBOARD_PX) / this.pixelsPerS; }
  xOf(timeS) { return KEYBOARD_PX + (timeS - this.startS) * this.pixelsPerS; }

  look(startS, lengthS = this.lengthS) {
    this.lengthS = Math.min(Math.max(lengthS, Math.min(SHORTEST_VIEW_S, this.fullS)), this.fullS);
    const firstS = this.performance.startS;
    this.startS = Math.min(Math.max(startS, firstS), firstS + this.fullS - this.lengthS);
    this.draw();
  }

  // Zoom around a time, which stays where it is in the view.
  zoom(factor, timeS = this.nowS) {
    const lengthS = Math.min(Math.max(this.lengthS * factor, SHORTEST_VIEW_S), this.fullS);
    const inside = timeS >= this.startS && timeS <= this.startS + this.lengthS;
    const fixedS = inside ? timeS : this.startS + this.lengthS / 2;
    this.look(fixedS - ((fixedS - this.startS) / this.lengthS) * lengthS, lengthS);
  }

  // Move the line that marks the present. When it leaves the view, the view moves on by a page.
  moveTo(timeS) {
    this.nowS = timeS;
    if (timeS < this.startS || timeS > this.startS + this.lengthS) this.look(timeS - 0.1 * this.lengthS);
    this.draw();
  }

  // At most once for each frame of the screen.
  draw() {
    if (this.isDrawing) return;
    this.isDrawing = true;
    requestAnimationFrame(() => {
      this.isDrawing = false;
      this.paint();
    });
  }

  paint() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (width === 0) return; // it is hidden
    const scale = window.devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * scale) || this.canvas.height !== Math.round(height * scale)) {
      this.canvas.width = Math.round(width * scale);
      this.canvas.height = Math.round(height * scale);
    }
    const pen = this.canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    this.rollPx = height - TIMES_PX - LANE_PX * this.lanes.length; // where the keys end
    this.keyPx = (this.rollPx - this.topPx) / (this.highest - this.lowest + 1);
    pen.fillStyle = this.theme.paper;
    pen.fillRect(0, 0, width, height);
    this.paintGround(pen, width);
    pen.save();
    pen.beginPath();
    pen.rect(KEYBOARD_PX, 0, width - KEYBOARD_PX, height);
    pen.clip();
    this.paintBars(pen, height);
    this.paintTimes(pen, width, height);
    this.paintNotes(pen);
    this.paintPedals(pen);
    pen.fillStyle = this.theme.now;
    pen.fillRect(this.xOf(this.nowS) - 1, 0, 2, height - TIMES_PX);
    pen.restore();
    this.paintKeyboard(pen);
  }

  yOf(key) { return this.topPx + (this.highest - key) * this.keyPx; }

  paintBars(pen, height) {
    paintBars(pen, this.bars, this.theme, {
      startS: this.startS,
      endS: this.startS + this.lengthS,
      xOf: (timeS) => this.xOf(timeS),
      pixelsPerS: this.pixelsPerS,
      topPx: this.topPx,
      bottomPx: height - TIMES_PX,
    });
  }

  paintGround(pen, width) {
    for (let key = this.lowest; key <= this.highest; key += 1) {
      if (isBlack(key)) {
        pen.fillStyle = this.theme["black-row"];
        pen.fillRect(KEYBOARD_PX, this.yOf(key), width, this.keyPx);
      }
      if (key % 12 === 0) {
        pen.fillStyle = this.theme.line;
        pen.fillRect(KEYBOARD_PX, this.yOf(key) + this.keyPx - 0.5, width, 1);
      }
    }
  }

  paintTimes(pen, width, height) {
    const stepS = TICKS_S.find((step) => step * this.pixelsPerS >= 70) ?? 3600;
    pen.font = "12px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    for (let i = Math.ceil(this.startS / stepS); i * stepS <= this.startS + this.lengthS; i += 1) {
      const x = this.xOf(i * stepS);
      pen.fillStyle = this.theme.line;
      pen.fillRect(x, this.topPx ? height - TIMES_PX : 0, 1, this.topPx ? TICK_PX : height - TIMES_PX);
      pen.fillStyle = this.theme.quiet;
      const label = clock(i * stepS, stepS < 1 ? 1 : 0);
      const half = pen.measureText(label).width / 2 + 3;
      const inside = Math.min(Math.max(x, KEYBOARD_PX + half), width - half);
      pen.fillText(label, inside, height - TIMES_PX / 2);
    }
  }

  paintNotes(pen) {
    this.painter.paint(pen, this.notesInView(), {
      xOf: (timeS) => this.xOf(timeS),
      yOf: (key) => this.yOf(key),
      heightPx: Math.max(1, this.keyPx - 1),
      shortestPx: SHORTEST_NOTE_PX,
    });
  }

  notesInView() {
    const endS = this.startS + this.lengthS;
    const inView = [];
    for (let i = lastBefore(this.notes, this.startS - this.longestS) + 1; i < this.notes.length; i += 1) {
      const note = this.notes[i];
      if (note.onset > endS) break;
      if (note.offset >= this.startS) inView.push(note);
    }
    return inView;
  }

  paintPedals(pen) {
    for (const pedal of this.pedals) {
      if (pedal.onset > this.startS + this.lengthS) break;
      if (pedal.offset < this.startS) continue;
      const y = this.rollPx + LANE_PX * this.lanes.indexOf(pedal.controller);
      const x = this.xOf(pedal.onset);
      pen.fillStyle = this.theme[`pedal-${PEDALS.get(pedal.controller)}`];
      pen.fillRect(x, y + 3, Math.max(1, this.xOf(pedal.offset) - x - 0.5), LANE_PX - 5);
    }
  }

  paintKeyboard(pen) {
    const held = heldNotes(this.notes, this.nowS, this.longestS).reverse(); // of one key, the latest counts
    const sounding = new Map(held.map((note) => [note.key, this.painter.colourOf(note)]));
    pen.fillStyle = this.theme.paper;
    pen.fillRect(0, 0, KEYBOARD_PX, this.canvas.clientHeight);
    pen.fillStyle = this.theme["white-key"];
    pen.fillRect(0, this.topPx, KEYBOARD_PX - 1, this.rollPx - this.topPx);
    pen.font = "10px system-ui, sans-serif";
    pen.textBaseline = "middle";
    for (let key = this.lowest; key <= this.highest; key += 1) {
      const y = this.yOf(key);
      pen.fillStyle = sounding.get(key) ?? this.theme[isBlack(key) ? "black-key" : "white-key"];
      pen.fillRect(0, y, isBlack(key) ? BLACK_KEY_PX : KEYBOARD_PX - 1, this.keyPx);
      pen.fillStyle = this.theme.line;
      pen.fillRect(0, y + this.keyPx - 0.5, KEYBOARD_PX, 0.5);
    }
    pen.textAlign = "right";
    pen.fillStyle = this.theme["key-name"];
    for (let key = Math.ceil(this.lowest / 12) * 12; key <= this.highest; key += 12) {
      pen.fillText(keyName(key), KEYBOARD_PX - 4, this.yOf(key) + this.keyPx / 2);
    }
    pen.fillStyle = this.theme.quiet;
    if (this.topPx) pen.fillText("bar", KEYBOARD_PX - 4, this.topPx / 2);
    this.lanes.forEach((kind, i) =>
      pen.fillText(PEDALS.get(kind), KEYBOARD_PX - 4, this.rollPx + LANE_PX * (i + 0.5)));
  }
}
