// A lane below the pedals with the velocity of each note, as a stem at its onset. A drag across sets them, of the selected
// notes where there are some.

import { eventsBetween } from "../shared/performance.js";
import { KEYBOARD_PX } from "../shared/roll_layout.js";
import { t } from "../shared/texts.js";
import { setEvents } from "./piece.js";

const VELOCITY_LANE_PX = 72;
const HEAD_PX = 4;
const REACH_PX = 4; // beside a stem
const LOUDEST = 127;

export class VelocityLane {
  constructor(editor) {
    this.editor = editor;
    this.name = "velocity";
    this.heightPx = VELOCITY_LANE_PX;
    this.isHidden = true;
    editor.roll.addLane(this);
    editor.roll.addTool({
      order: 90,
      begin: (at) => (this.isAt(at) ? this.begin(at) : null),
      cursor: (at) => (this.isAt(at) ? "ns-resize" : null),
    });
  }

  get label() { return t("tools.velocity-lane"); }
  isAt(at) { return at.part === this.name && at.x > KEYBOARD_PX; }

  toggle() {
    this.isHidden = !this.isHidden;
    this.editor.roll.draw();
    this.editor.set({});
  }

  get notes() {
    const { bench, roll } = this.editor;
    const notes = eventsBetween(roll.notes, roll.startS, roll.endS, 0);
    const chosen = notes.filter((note) => bench.selection.has(note.id));
    return chosen.length ? chosen : notes;
  }

  paint(pen, roll, topPx) {
    const { bench } = this.editor;
    pen.fillStyle = roll.theme.paper;
    pen.fillRect(KEYBOARD_PX, topPx, roll.widthPx, this.heightPx);
    pen.fillStyle = roll.theme.line;
    pen.fillRect(KEYBOARD_PX, topPx, roll.widthPx, 1);
    const notes = eventsBetween(roll.notes, roll.startS, roll.endS, 0);
    const hasChosen = notes.some(({ id }) => bench.selection.has(id)); // as in `notes`
    for (const note of notes) {
      const [x, y] = [roll.xOf(note.onset), this.yOf(note.velocity, topPx)];
      pen.globalAlpha = hasChosen && !bench.selection.has(note.id) ? 0.25 : 1;
      pen.fillStyle = roll.painter.colourOf(note);
      pen.fillRect(x, y, 1.5, topPx + this.heightPx - y);
      pen.fillRect(x - HEAD_PX / 2 + 0.75, y - HEAD_PX / 2, HEAD_PX, HEAD_PX);
    }
  }

  yOf(velocity, topPx) { return topPx + this.heightPx - (velocity / LOUDEST) * (this.heightPx - HEAD_PX) - 1; }

  velocityAt(y) {
    const bottomPx = this.editor.roll.laneTop(this) + this.heightPx;
    return Math.round(((bottomPx - 1 - y) / (this.heightPx - HEAD_PX)) * LOUDEST);
  }

  begin(from) {
    const { bench, roll } = this.editor;
    const { piece } = bench;
    const candidates = this.notes;
    const velocities = new Map(); // by id, of what the drag has passed
    let last = from;
    const pass = (at) => {
      const [left, right] = [Math.min(last.x, at.x) - REACH_PX, Math.max(last.x, at.x) + REACH_PX];
      for (const note of candidates) {
        const x = roll.xOf(note.onset);
        if (x >= left && x <= right) velocities.set(note.id, this.velocityAt(at.y));
      }
      last = at;
      bench.preview(setEvents(piece, velocities.keys(), ({ id }) => ({ velocity: velocities.get(id) })));
    };
    const end = () => bench.change(bench.piece, { label: t("tools.velocity") });
    pass(from);
    return { holdsView: true, move: pass, end, click: end, cancel: () => bench.cancel() };
  }
}
