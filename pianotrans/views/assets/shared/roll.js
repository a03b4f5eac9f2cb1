// The piano roll on its canvas: what part of the piece is in view, where times and keys lie, and who paints and who is
// told of presses. What is on it are layers and lanes; it begins with those of `roll_layers.js`.

import { keyRange } from "./notes.js";
import { PEDALS, eventsBetween, lastEndOf, longestOf } from "./performance.js";
import { addPlainLayers, readRollColours } from "./roll_layers.js";
import { KEYBOARD_PX, LANE_PX, NUMBERS_PX, ORDER, TIMES_PX } from "./roll_layout.js";
import { StillPicture } from "./still_picture.js";

const FEWEST_KEYS = 49;
const MARGIN_KEYS = 3;
const FEWEST_IN_VIEW = 12; // keys, however much one zooms in
const SHORTEST_VIEW_S = 0.5;
const [SHORTEST_USUAL_S, LONGEST_USUAL_S, USUAL_PX_A_S] = [8, 30, 36]; // of the first view

export class Roll {
  // `performance` has `startS`, `endS`, `notes` and `pedals`.
  constructor(canvas, performance, bars) {
    this.canvas = canvas;
    this.byHand = false;
    this.layers = [];
    this.lanes = []; // below the pedals
    this.tools = [];
    this.firstS = performance.startS; // of the piece
    this.lastS = performance.endS;
    this.nowS = this.firstS;
    this.follows = true; // the present
    this.pressed = new Set(); // keys of a real keyboard
    this.startS = this.firstS; // of the view
    this.range = null; // { lowest, highest }: the keys that have room
    this.topKey = this.nKeys = Infinity; // of the view, which may begin between two keys
    this.isDrawing = false;
    this.still = new StillPicture();
    this.measure();
    this.lengthS = Math.min(this.fullS, Math.min(Math.max(this.widthPx / USUAL_PX_A_S, SHORTEST_USUAL_S), LONGEST_USUAL_S));
    this.setBars(bars);
    this.makeRoom(performance);
    this.show(performance);
    addPlainLayers(this);
    this.readTheme();
    addEventListener("themechange", () => this.readTheme());
    addEventListener("languagechange", () => this.draw());
    new ResizeObserver(() => { this.measure(); this.draw(); }).observe(canvas);
  }

  // A layer has an `order`, of ORDER, and paints with `paint(pen, roll)`: times at `xOf`, keys at `yOf`. One that shows
  // the present, the selection or what is dragged says that it `isMoving`: it is painted over all that is still. One that
  // `isInKeys` is cut off above and below the keys.
  addLayer(layer) {
    this.layers.push(layer);
    this.layers.sort((a, b) => a.order - b.order);
    this.draw();
  }

  // A strip below the pedals with a name, `heightPx`, and `paint(pen, roll, topPx)`. With `isHidden` it takes no room.
  addLane(lane) {
    this.lanes.push(lane);
    this.draw();
  }

  // The tool with the lowest `order` whose `begin(at, event)` returns a gesture has the press. A gesture may have
  // `move(at, event)`, `end(at, event)` and `cancel()`; `at` is what `at(x, y)` returns. `cursor(at)` is a cursor of CSS,
  // or null where the tool does nothing. `workbench/pointing.js` calls them.
  addTool(tool) {
    this.tools.push(tool);
    this.tools.sort((a, b) => a.order - b.order);
  }

  measure() { [this.widthPx, this.heightPx] = [this.canvas.clientWidth, this.canvas.clientHeight]; }

  get isShown() { return this.widthPx > 0; }
  get fullS() { return Math.max(this.lastS - this.firstS, 1); }
  get endS() { return this.startS + this.lengthS; } // of the view
  get pixelsPerS() { return (this.widthPx - KEYBOARD_PX) / this.lengthS; }
  get shownLanes() { return this.lanes.filter((lane) => !lane.isHidden); }
  get lanesPx() { return this.rollPx + LANE_PX * this.kinds.length; } // where lanes begin
  get showsAllKeys() { return this.nKeys === this.range.highest - this.range.lowest + 1; }
  get bottomPx() { return this.heightPx - TIMES_PX; } // where times begin
  get keyPx() { return (this.rollPx - this.topPx) / this.nKeys; }
  get highest() { return Math.ceil(this.topKey); } // of the keys in view, of which there may be only a part
  get lowest() { return Math.floor(this.topKey - this.nKeys) + 1; }
  get rollPx() { // where the keys end
    const lanesPx = this.shownLanes.reduce((sum, lane) => sum + lane.heightPx, 0);
    return this.bottomPx - lanesPx - LANE_PX * this.kinds.length;
  }

  laneTop(lane) {
    const above = this.shownLanes.slice(0, this.shownLanes.indexOf(lane));
    return above.reduce((topPx, one) => topPx + one.heightPx, this.lanesPx);
  }

  // Notes and pedals in order of onset.
  show({ notes, pedals }) {
    this.notes = notes;
    this.pedals = pedals;
    this.longestS = longestOf(notes);
    this.longestPedalS = longestOf(pedals);
    const isThere = new Set(pedals.map((pedal) => pedal.controller));
    const kinds = [...PEDALS.keys()].filter((kind, i) => i === 0 || isThere.has(kind));
    if (`${kinds}` !== `${this.kinds}`) this.draw();
    this.kinds = kinds; // lanes of pedals, by controller
    this.drawMoving();
  }

  get notesInView() {
    const notes = eventsBetween(this.notes, this.startS, this.endS, this.longestS);
    return this.showsAllKeys ? notes : notes.filter(({ key }) => this.showsKey(key));
  }

  get pedalsInView() { return eventsBetween(this.pedals, this.startS, this.endS, this.longestPedalS); }

  setBars(bars) {
    this.bars = bars;
    this.topPx = bars.list.length ? NUMBERS_PX : 0;
    this.draw();
  }

  // Makes room for all of these. What had room before keeps it, so that nothing jumps while one edits.
  makeRoom({ notes, pedals }) {
    const isInside = ({ key }) => key > this.range.lowest && key < this.range.highest;
    if (!this.range || !notes.every(isInside)) {
      const showedAll = !this.range || this.showsAllKeys;
      const [lowest, highest] = keyRange(notes, FEWEST_KEYS, MARGIN_KEYS);
      this.range = {
        lowest: Math.min(lowest, this.range?.lowest ?? lowest), highest: Math.max(highest, this.range?.highest ?? highest),
      };
      if (showedAll) this.lookAtKeys(Infinity, Infinity);
    }
    this.lastS = lastEndOf(pedals, lastEndOf(notes, this.lastS));
    this.draw();
  }

  colourByHand(byHand) {
    this.byHand = byHand;
    this.readTheme();
  }

  readTheme() {
    Object.assign(this, readRollColours(this.byHand));
    this.draw();
  }

  timeAt(x) { return this.startS + (x - KEYBOARD_PX) / this.pixelsPerS; }
  xOf(timeS) { return KEYBOARD_PX + (timeS - this.startS) * this.pixelsPerS; }
  showsKey(key) { return key >= this.lowest && key <= this.highest; }
  keyAt(y) { return Math.min(Math.max(Math.ceil(this.pitchAt(y)), this.lowest), this.highest); }
  pitchAt(y) { return this.topKey - (y - this.topPx) / this.keyPx; } // in keys; a whole number is the top of its key
  yOf(pitch) { return this.topPx + (this.topKey - pitch) * this.keyPx; }

  // What lies at a place of the canvas: `part` is "keyboard", "numbers", "notes", "pedals", "times" or the name of a lane.
  at(x, y) {
    const place = { x, y, timeS: this.timeAt(x), key: this.keyAt(y), pitch: this.pitchAt(y), controller: null };
    if (y >= this.bottomPx) return { ...place, part: "times" };
    if (y < this.topPx) return { ...place, part: "numbers" };
    if (y < this.rollPx) return { ...place, part: x < KEYBOARD_PX ? "keyboard" : "notes" };
    if (y < this.lanesPx) return { ...place, part: "pedals", controller: this.kinds[Math.floor((y - this.rollPx) / LANE_PX)] };
    const lane = this.shownLanes.findLast((one) => y >= this.laneTop(one));
    return { ...place, part: lane.name, lane };
  }

  look(startS, lengthS = this.lengthS) {
    this.lengthS = Math.min(Math.max(lengthS, Math.min(SHORTEST_VIEW_S, this.fullS)), this.fullS);
    this.startS = Math.min(Math.max(startS, this.firstS), this.firstS + this.fullS - this.lengthS);
    this.draw();
  }

  // Zoom around a time, which stays where it is in the view.
  zoom(factor, timeS = this.nowS) {
    const lengthS = Math.min(Math.max(this.lengthS * factor, SHORTEST_VIEW_S), this.fullS);
    const inside = timeS >= this.startS && timeS <= this.endS;
    const fixedS = inside ? timeS : this.startS + this.lengthS / 2;
    this.look(fixedS - ((fixedS - this.startS) / this.lengthS) * lengthS, lengthS);
  }

  // So many keys, down from this one.
  lookAtKeys(topKey, nKeys = this.nKeys) {
    const { lowest, highest } = this.range;
    const nAll = highest - lowest + 1;
    this.nKeys = Math.min(Math.max(nKeys, FEWEST_IN_VIEW), nAll);
    this.topKey = Math.min(Math.max(topKey, lowest + this.nKeys - 1), highest);
    this.draw();
  }

  // Zoom around a pitch, which stays where it is in the view.
  zoomKeys(factor, pitch = this.topKey - this.nKeys / 2) {
    const nAll = this.range.highest - this.range.lowest + 1;
    const nKeys = Math.min(Math.max(this.nKeys * factor, FEWEST_IN_VIEW), nAll);
    this.lookAtKeys(pitch + ((this.topKey - pitch) / this.nKeys) * nKeys, nKeys);
  }

  fit() {
    this.look(this.firstS, this.fullS);
    this.lookAtKeys(Infinity, Infinity);
  }

  // Bring a time into view, at the left, or a key, in the middle.
  reveal(timeS) {
    if (timeS < this.startS || timeS > this.endS) this.look(timeS - 0.1 * this.lengthS);
  }

  revealKey(key) {
    if (!this.showsKey(key)) this.lookAtKeys(key + (this.nKeys - 1) / 2);
  }

  // Move the line that marks the present. When it leaves the view, the view moves on by a page, if it follows.
  moveTo(timeS) {
    this.nowS = timeS;
    if (this.follows) this.reveal(timeS);
    this.drawMoving();
  }

  draw() {
    this.still.isStale = true;
    this.drawMoving();
  }

  // Only what is in front of the still picture: the present, what is selected or dragged. At most once for each frame of
  // the screen.
  drawMoving() {
    if (this.isDrawing) return;
    this.isDrawing = true;
    requestAnimationFrame(() => {
      this.isDrawing = false;
      this.paint();
    });
  }

  paint() {
    if (!this.isShown) return;
    const { canvas, still } = this;
    const pen = this.penFor(canvas);
    const stillPen = this.penFor(still.canvas, () => { still.isStale = true; });
    still.setEvents([...this.notesInView, ...this.pedalsInView]);
    if (still.isStale) {
      still.isStale = false;
      stillPen.fillStyle = this.theme.paper;
      stillPen.fillRect(0, 0, this.widthPx, this.heightPx);
      this.paintLayers(stillPen, (layer) => !layer.isMoving);
    }
    pen.save();
    pen.resetTransform();
    pen.drawImage(still.canvas, 0, 0);
    pen.restore();
    this.paintLayers(pen, (layer) => layer.isMoving);
  }

  // Calls `onResize` if the canvas had another size.
  penFor(canvas, onResize) {
    const scale = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(this.widthPx * scale), Math.round(this.heightPx * scale)];
    if (canvas.width !== width || canvas.height !== height) {
      Object.assign(canvas, { width, height });
      onResize?.();
    }
    const pen = canvas.getContext("2d", { alpha: false });
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    return pen;
  }

  paintLayers(pen, isWanted) {
    for (const layer of this.layers.filter(isWanted)) {
      const leftPx = layer.order < ORDER.keyboard ? KEYBOARD_PX : 0; // nothing else is painted on the keyboard
      const [topPx, bottomPx] = layer.isInKeys ? [this.topPx, this.rollPx] : [0, this.heightPx];
      pen.save();
      pen.beginPath();
      pen.rect(leftPx, topPx, this.widthPx - leftPx, bottomPx - topPx);
      pen.clip();
      layer.paint(pen, this);
      pen.restore();
    }
  }
}
