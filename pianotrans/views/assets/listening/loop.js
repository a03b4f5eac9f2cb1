// The loop on the piano roll: a drag along its rulers marks it, its ends can be dragged, a click ends it.

import { clock } from "../shared/format.js";
import { KEYBOARD_PX, ORDER } from "../shared/roll_layout.js";
import { t } from "../shared/texts.js";

const NEAR_END_PX = { mouse: 6, pen: 8, touch: 14 };
const SHORTEST_LOOP_S = 0.1;
const WITHOUT_BARS_S = 4; // the loop of a key press, where there are no bars
const RULERS = ["numbers", "times"];
const TINT = { ruler: 0.3, ground: 0.07 };

export class LoopMarker {
  constructor({ player, bench, roll, goTo }) {
    Object.assign(this, { player, bench, roll, goTo });
    this.draft = null; // while it is dragged
    roll.addLayer({ order: ORDER.bars + 1, paint: (pen) => this.paint(pen) });
    roll.addTool({ order: 50, begin: (at, event) => this.begin(at, event), cursor: (at) => this.cursorAt(at) });
    player.addEventListener("change", () => roll.draw());
  }

  get shown() { return this.draft ?? this.player.loop; }

  begin(at, event) {
    if (!RULERS.includes(at.part) || at.x < KEYBOARD_PX) return null;
    const end = this.endAt(at, event.pointerType);
    const fixedS = end ? this.player.loop[end === "startS" ? "endS" : "startS"] : at.timeS;
    return {
      move: (to, { shiftKey }) => {
        this.draft = this.between(fixedS, to.timeS, shiftKey);
        this.roll.draw();
      },
      end: () => this.take(),
      cancel: () => { this.draft = null; },
      click: () => (this.player.loop ? !end && this.player.setLoop(null) : this.goTo(at.timeS)),
    };
  }

  take() {
    const { draft } = this;
    this.draft = null;
    if (draft.endS - draft.startS >= SHORTEST_LOOP_S) this.player.setLoop(draft);
  }

  cursorAt(at) {
    if (!RULERS.includes(at.part) || at.x < KEYBOARD_PX) return null;
    return this.endAt(at, "mouse") ? "ew-resize" : "text";
  }

  // The end of the loop under a pointer: "startS", "endS" or null.
  endAt({ x }, kind) {
    if (!this.player.loop) return null;
    const near = ["startS", "endS"].filter((end) => Math.abs(this.roll.xOf(this.player.loop[end]) - x) <= NEAR_END_PX[kind]);
    return near.at(-1) ?? null;
  }

  // Whole bars, where there are any and nobody wants it otherwise.
  between(aS, bS, isFree) {
    const startS = Math.max(Math.min(aS, bS), this.player.startS);
    const endS = Math.min(Math.max(aS, bS), this.player.endS);
    const { bars } = this.roll;
    if (isFree || !bars.list.length) return { startS, endS };
    const { onset } = bars.at(startS);
    const last = bars.at(endS);
    return { startS: onset, endS: last.onset === endS && endS > onset ? endS : last.end };
  }

  // A loop of what is selected, else of the present bar; none, if there is one.
  toggle() {
    if (this.player.loop) return this.player.setLoop(null);
    const { selected } = this.bench;
    const bar = this.roll.bars.at(this.player.nowS);
    if (selected.length) {
      const startS = Math.min(...selected.map((event) => event.onset));
      return this.player.setLoop({ startS, endS: Math.max(...selected.map((event) => event.offset)) });
    }
    const startS = bar?.onset ?? this.player.nowS;
    return this.player.setLoop({ startS, endS: bar?.end ?? startS + WITHOUT_BARS_S });
  }

  // "bars 3–4", or times.
  describe() {
    const { loop } = this.player;
    if (!loop) return "";
    const { bars } = this.roll;
    const first = bars.list.find((bar) => Math.abs(bar.onset - loop.startS) < 1e-6);
    const last = bars.list.find((bar) => Math.abs(bar.end - loop.endS) < 1e-6);
    if (!first || !last) return t("listen.loop-times", { from: clock(loop.startS, 1), to: clock(loop.endS, 1) });
    if (first === last) return t("listen.loop-bar", { number: first.number });
    return t("listen.loop-bars", { first: first.number, last: last.number });
  }

  paint(pen) {
    if (!this.shown) return;
    const { roll } = this;
    const x = roll.xOf(this.shown.startS);
    const widthPx = roll.xOf(this.shown.endS) - x;
    pen.fillStyle = roll.theme.accent;
    const strips = [[0, roll.topPx, TINT.ruler], [roll.topPx, roll.bottomPx - roll.topPx, TINT.ground],
      [roll.bottomPx, roll.heightPx - roll.bottomPx, TINT.ruler]];
    for (const [topPx, heightPx, tint] of strips) {
      pen.globalAlpha = tint;
      pen.fillRect(x, topPx, widthPx, heightPx);
      pen.globalAlpha = tint === TINT.ruler ? 1 : 0.5;
      for (const endPx of [x, x + widthPx]) pen.fillRect(Math.round(endPx) - 1, topPx, tint === TINT.ruler ? 3 : 1, heightPx);
    }
  }
}
