// Editing on the roll: which tool is in hand, what times snap to, and what a press means. `gestures.js` has what follows.

import { KEYBOARD_PX } from "../shared/roll_layout.js";
import { isPedal } from "./events.js";
import { lassoGesture, drawGesture, moveGesture, stretchGesture, velocityGesture } from "./gestures.js";
import { hitAt } from "./hits.js";
import { panGesture } from "./pointing.js";
import { idsOfController, idsOfKey } from "./selection.js";
import { snapTime, stepAt } from "./snapping.js";

export const SNAPS = ["off", "beats/1", "beats/2", "beats/3", "beats/4", "frames"];

// Tells "change" when the tool or the snapping does.
export class Editor extends EventTarget {
  // `sound(note)` lets a note be heard, `goTo(timeS)` moves the present.
  constructor({ bench, roll, sound, goTo }) {
    super();
    Object.assign(this, { bench, roll, sound, goTo });
    this.mode = "pointer"; // or "pencil", "hand"
    this.snapTo = SNAPS[0];
    this.usual = { lengthS: 0.5, velocity: 64, hand: null }; // of what is drawn: as the note last touched
    this.frame = null; // of the lasso
    this.copied = null;
    roll.addTool({ order: 100, begin: (at, event) => this.begin(at, event), cursor: (at) => this.cursorAt(at) });
  }

  get beats() { return this.bench.piece.beats ?? this.bench.bars.beats; }
  get hasBeats() { return this.beats.length > 1; }
  get shortestS() { return Math.max(0.03, 4 / this.roll.pixelsPerS); } // of what is drawn

  get grid() {
    const [to, parts] = this.snapTo.split("/");
    return { to, parts: Number(parts), beats: this.beats, startS: this.roll.firstS };
  }

  set(fields) {
    Object.assign(this, fields);
    this.dispatchEvent(new Event("change"));
  }

  snap(timeS, event) { return event?.ctrlKey || event?.metaKey ? timeS : snapTime(timeS, this.grid); }
  stepAt(timeS) { return stepAt(timeS, this.grid); }

  begin(at, event) {
    if (this.mode === "hand") return { ...panGesture(this.roll, at), click: () => this.goTo(at.timeS) };
    if (at.x < KEYBOARD_PX) return this.beginAtSide(at);
    if (at.part !== "notes" && at.part !== "pedals") return null;
    const hit = hitAt(this.roll, at, event.pointerType, this.bench.selection);
    if (hit) return this.beginOn(hit, at, event);
    if (this.mode === "pencil" || at.isDouble) return drawGesture(this, at, event);
    return lassoGesture(this, at, event, () => this.leave(at, event));
  }

  // A key of the keyboard stands for all of its notes, the name of a pedal for all of its strokes.
  beginAtSide(at) {
    const { bench } = this;
    const select = (ids) => ({
      holdsView: true,
      click: (_, event) => bench.select([...(event.shiftKey ? bench.selection : []), ...ids]),
    });
    if (at.part === "pedals") return select(idsOfController(bench.piece, at.controller));
    if (at.part !== "keyboard") return null;
    this.sound({ key: at.key, velocity: 80, onset: 0, offset: 0.5 });
    return select(idsOfKey(bench.kept, at.key));
  }

  beginOn({ event: held, edge }, at, event) {
    const { bench } = this;
    const wasSelected = bench.selection.has(held.id);
    if (!wasSelected) bench.select(event.shiftKey ? [...bench.selection, held.id] : [held.id]);
    const click = () => {
      if (!event.shiftKey) bench.select([held.id]);
      else if (wasSelected) bench.select([...bench.selection].filter((id) => id !== held.id));
    };
    if (!isPedal(held)) {
      this.usual = { lengthS: held.offset - held.onset, velocity: held.velocity, hand: held.hand };
      this.sound(held);
      if (event.altKey) return velocityGesture(this, at, click);
    }
    return edge ? stretchGesture(this, held, edge, at, click) : moveGesture(this, held, at, click);
  }

  leave(at, event) {
    if (event.shiftKey) return;
    this.bench.select([]);
    this.goTo(at.timeS);
  }

  cursorAt(at) {
    if (this.mode === "hand") return "grab";
    if (at.x < KEYBOARD_PX) return at.part === "keyboard" || at.part === "pedals" ? "pointer" : null;
    if (at.part !== "notes" && at.part !== "pedals") return null;
    const hit = hitAt(this.roll, at, "mouse", this.bench.selection);
    if (!hit) return this.mode === "pencil" ? "crosshair" : "default";
    return hit.edge ? "ew-resize" : "move";
  }
}
