// Presses on the roll: which tool has one, whether it is a click or a drag, and two fingers or the wheel, which move the view.

import { KEYBOARD_PX } from "../shared/roll_layout.js";

const DRAG_PX = { mouse: 4, pen: 5, touch: 9 }; // less is a click
const DOUBLE_MS = 350;
const SIDE_PX = 28; // a drag that comes this close to the side moves the view
const EDGE_PX = 12; // above and below the keys, likewise
const FINGERS_PX = 20; // apart, at least
const FARTHEST_PX = 60; // from there on the view moves no faster
const EDGE_SPEED = 0.3; // of the way there, in every frame
const MIDDLE_BUTTON = 1;
const NO_PRESS = { at: -Infinity };
const HAND_KEY = " "; // held down, it is the hand

export class Pointing {
  constructor(roll, shortcuts) {
    Object.assign(this, { roll, shortcuts });
    this.fingers = new Map(); // where each is, by pointer
    this.last = NO_PRESS;
    this.hovered = roll.at(0, 0); // where the pointer is
    const { canvas } = roll;
    canvas.addEventListener("pointerdown", (event) => this.onDown(event));
    canvas.addEventListener("pointermove", (event) => this.onMove(event));
    canvas.addEventListener("pointerup", (event) => this.onUp(event));
    canvas.addEventListener("pointercancel", (event) => this.onLost(event));
    shortcuts.addEventListener("hold", () => this.gesture || this.showCursor(this.hovered));
    canvas.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
  }

  get isDragging() { return Boolean(this.gesture); }

  placeOf(event) {
    const { canvas } = this.roll;
    const box = canvas.getBoundingClientRect(); // with its border, which is no part of the picture
    return this.roll.at(event.clientX - box.left - canvas.clientLeft, event.clientY - box.top - canvas.clientTop);
  }

  onDown(event) {
    const at = this.placeOf(event);
    this.roll.canvas.setPointerCapture(event.pointerId);
    if (event.pointerType === "touch") this.fingers.set(event.pointerId, at);
    if (this.fingers.size === 2) {
      this.cancel();
      this.pinch = this.beginPinch();
    }
    if (this.gesture || this.fingers.size > 1 || (event.button !== 0 && event.button !== MIDDLE_BUTTON)) return;
    event.preventDefault(); // no scrolling by the middle button, no selection of text
    this.roll.canvas.focus({ preventScroll: true });
    at.isDouble = event.timeStamp - this.last.at < DOUBLE_MS && distance(at, this.last) < 2 * DRAG_PX.touch;
    this.last = { at: event.timeStamp, x: at.x, y: at.y };
    this.pressed = at;
    this.pointer = event.pointerId;
    this.isMoved = false;
    const isHand = event.button === MIDDLE_BUTTON || this.shortcuts.takeHeld(HAND_KEY);
    this.gesture = isHand ? panGesture(this.roll, at) : this.beginTool(at, event);
    if (this.gesture?.cursor) this.roll.canvas.style.cursor = this.gesture.cursor;
  }

  beginTool(at, event) {
    for (const tool of this.roll.tools) {
      const gesture = tool.begin(at, event);
      if (gesture) return gesture;
    }
    return null;
  }

  onMove(event) {
    const at = this.placeOf(event);
    if (this.fingers.has(event.pointerId)) this.fingers.set(event.pointerId, at);
    if (this.pinch) return this.pinch();
    this.hovered = at;
    if (!this.gesture) return this.showCursor(at);
    if (event.pointerId !== this.pointer) return;
    this.isMoved ||= distance(at, this.pressed) > DRAG_PX[event.pointerType];
    if (!this.isMoved) return;
    this.gesture.move?.(at, event);
    this.lastMove = event;
    if (!this.gesture.holdsView) this.scrollAtEdge(at);
  }

  onUp(event) {
    this.fingers.delete(event.pointerId);
    if (this.fingers.size === 0) this.pinch = null;
    if (!this.gesture || event.pointerId !== this.pointer) return;
    const gesture = this.gesture;
    this.gesture = null;
    if (this.isMoved) this.last = NO_PRESS; // a drag is no half of a double click
    if (this.isMoved) gesture.end?.(this.placeOf(event), event);
    else gesture.click?.(this.pressed, event);
    this.showCursor(this.hovered);
    this.roll.draw();
  }

  onLost(event) {
    this.fingers.delete(event.pointerId);
    if (this.fingers.size === 0) this.pinch = null;
    if (event.pointerId === this.pointer) this.cancel();
  }

  // Gives up what is being dragged. True if there was something.
  cancel() {
    const gesture = this.gesture;
    this.gesture = null;
    gesture?.cancel?.();
    if (gesture) this.roll.draw();
    return Boolean(gesture);
  }

  showCursor(at) {
    if (this.shortcuts.isHeld(HAND_KEY)) {
      this.roll.canvas.style.cursor = "grab";
      return;
    }
    const tool = this.roll.tools.find((one) => one.cursor?.(at));
    this.roll.canvas.style.cursor = tool?.cursor(at) ?? "default";
  }

  // The view moves on as long as the pointer stays at its side, or above or below the keys that are in view.
  scrollAtEdge({ x, y }) {
    const { roll } = this;
    const rightPx = beyond(x, KEYBOARD_PX + SIDE_PX, roll.widthPx - SIDE_PX);
    const downPx = roll.showsAllKeys || this.pressed.part !== "notes" ? 0 : beyond(y, roll.topPx + EDGE_PX, roll.rollPx - EDGE_PX);
    if ((!rightPx && !downPx) || this.isScrolling) return;
    this.isScrolling = true;
    requestAnimationFrame(() => {
      this.isScrolling = false;
      if (!this.gesture) return;
      if (rightPx) roll.look(roll.startS + (EDGE_SPEED * rightPx) / roll.pixelsPerS);
      if (downPx) roll.lookAtKeys(roll.topKey - (EDGE_SPEED * downPx) / roll.keyPx);
      const at = this.placeOf(this.lastMove);
      this.gesture.move?.(at, this.lastMove);
      this.scrollAtEdge(at);
    });
  }

  // Two fingers hold the time and the key between them. They zoom in the direction in which they are apart.
  beginPinch() {
    const { roll } = this;
    const spread = () => {
      const [a, b] = [...this.fingers.values()];
      const apartPx = { x: Math.max(Math.abs(a.x - b.x), FINGERS_PX), y: Math.max(Math.abs(a.y - b.y), FINGERS_PX) };
      return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, apartPx };
    };
    const from = spread();
    const isInKeys = from.apartPx.y > from.apartPx.x;
    const { lengthS, nKeys } = roll;
    const [heldS, heldPitch] = [roll.timeAt(from.x), roll.pitchAt(from.y)];
    return () => {
      if (this.fingers.size < 2) return;
      const now = spread();
      if (isInKeys) roll.lookAtKeys(roll.topKey, (nKeys * from.apartPx.y) / now.apartPx.y);
      else roll.look(roll.startS, (lengthS * from.apartPx.x) / now.apartPx.x);
      roll.look(roll.startS + heldS - roll.timeAt(now.x));
      roll.lookAtKeys(roll.topKey + heldPitch - roll.pitchAt(now.y));
    };
  }

  // The wheel moves through time, with Shift through the keys, if not all are in view; with Ctrl, and so by two fingers on
  // a trackpad, it zooms. Where all is in view, the page may scroll.
  onWheel(event) {
    const { roll } = this;
    const isZoom = event.ctrlKey || event.metaKey;
    const isInKeys = event.shiftKey && (isZoom || !roll.showsAllKeys);
    if (!isZoom && !isInKeys && roll.lengthS >= roll.fullS) return;
    event.preventDefault();
    const at = this.placeOf(event);
    const linePx = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 20 : 1;
    const byPx = linePx * (event.deltaX + event.deltaY); // with Shift, some browsers turn it
    if (isZoom && isInKeys) roll.zoomKeys(Math.exp(byPx / 250), at.pitch);
    else if (isZoom) roll.zoom(Math.exp((linePx * event.deltaY) / 250), at.timeS);
    else if (isInKeys) roll.lookAtKeys(roll.topKey - byPx / roll.keyPx);
    else roll.look(roll.startS + byPx / roll.pixelsPerS);
  }
}

// The view goes along with the pointer.
export function panGesture(roll, from) {
  const { startS, topKey } = roll;
  const look = (x, y) => {
    roll.look(startS - (x - from.x) / roll.pixelsPerS);
    roll.lookAtKeys(topKey + (y - from.y) / roll.keyPx);
  };
  return { holdsView: true, cursor: "grabbing", move: ({ x, y }) => look(x, y), cancel: () => look(from.x, from.y) };
}

// How far outside of two borders; negative before the first. At most FARTHEST_PX.
const beyond = (px, firstPx, lastPx) =>
  Math.max(Math.min(px - firstPx, 0), -FARTHEST_PX) || Math.min(Math.max(px - lastPx, 0), FARTHEST_PX);

const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
