// Presses on the roll: which tool has one, whether it is a click or a drag, and two fingers or the wheel, which move the view.

import { KEYBOARD_PX } from "../shared/roll_layout.js";

const DRAG_PX = { mouse: 4, pen: 5, touch: 9 }; // less is a click
const DOUBLE_MS = 350;
const SIDE_PX = 28; // a drag that comes this close to the side moves the view
const MIDDLE_BUTTON = 1;

export class Pointing {
  constructor(roll) {
    this.roll = roll;
    this.fingers = new Map(); // where each is, by pointer
    this.last = { at: -Infinity };
    const { canvas } = roll;
    canvas.addEventListener("pointerdown", (event) => this.onDown(event));
    canvas.addEventListener("pointermove", (event) => this.onMove(event));
    canvas.addEventListener("pointerup", (event) => this.onUp(event));
    canvas.addEventListener("pointercancel", (event) => this.onLost(event));
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
    this.gesture = event.button === MIDDLE_BUTTON ? panGesture(this.roll, at) : this.beginTool(at, event);
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
    if (this.isMoved) gesture.end?.(this.placeOf(event), event);
    else gesture.click?.(this.pressed, event);
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
    const tool = this.roll.tools.find((one) => one.cursor?.(at));
    this.roll.canvas.style.cursor = tool?.cursor(at) ?? "default";
  }

  // The view moves on as long as the pointer stays at its side.
  scrollAtEdge({ x }) {
    const beyondPx = Math.min(x - KEYBOARD_PX - SIDE_PX, 0) || Math.max(x - this.roll.widthPx + SIDE_PX, 0);
    if (!beyondPx || this.isScrolling) return;
    this.isScrolling = true;
    requestAnimationFrame(() => {
      this.isScrolling = false;
      if (!this.gesture) return;
      this.roll.look(this.roll.startS + (0.3 * Math.min(Math.max(beyondPx, -60), 60)) / this.roll.pixelsPerS);
      const at = this.placeOf(this.lastMove);
      this.gesture.move?.(at, this.lastMove);
      this.scrollAtEdge(at);
    });
  }

  // Two fingers hold the times that are under them.
  beginPinch() {
    const places = () => [...this.fingers.values()].slice(0, 2).map((at) => at.x);
    const [a, b] = places();
    const heldS = this.roll.timeAt((a + b) / 2);
    const { lengthS } = this.roll;
    const apartPx = Math.max(Math.abs(a - b), 20);
    return () => {
      if (this.fingers.size < 2) return;
      const [left, right] = places();
      const newS = (lengthS * apartPx) / Math.max(Math.abs(left - right), 20);
      this.roll.look(this.roll.startS, newS);
      this.roll.look(this.roll.startS + heldS - this.roll.timeAt((left + right) / 2));
    };
  }

  // The wheel moves through time; with Ctrl, and so by two fingers on a trackpad, it zooms. Where all is in view, the
  // page may scroll.
  onWheel(event) {
    const isZoom = event.ctrlKey || event.metaKey;
    if (!isZoom && this.roll.lengthS >= this.roll.fullS) return;
    event.preventDefault();
    const linePx = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 20 : 1;
    if (isZoom) {
      this.roll.zoom(Math.exp((linePx * event.deltaY) / 250), this.placeOf(event).timeS);
    } else {
      this.roll.look(this.roll.startS + (linePx * (event.deltaX + event.deltaY)) / this.roll.pixelsPerS);
    }
  }
}

export function panGesture(roll, from) {
  const { startS } = roll;
  return {
    holdsView: true,
    move: (at) => roll.look(startS - (at.x - from.x) / roll.pixelsPerS),
    cancel: () => roll.look(startS),
  };
}

const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
