// What a drag on the roll does to the piece. Each function begins a gesture: it shows what would be, and at the end that
// becomes the present. Times snap as the editor says; with Ctrl they do not.

import { t } from "../shared/texts.js";
import { isPedal } from "./events.js";
import { idsIn, idsNear } from "./hits.js";
import { addNotes, addPedals, moveEvents, possibleShift, scaleVelocity, stretchEvents } from "./piece.js";

const VELOCITY_A_PX = 0.5;
const BESIDE_S = 2; // outside of the view, besides the way of the pointer: it may snap

// `change(piece, ids, at, event)` gives the piece as it would be. Until the end it is asked for what is near the view alone:
// to move thousands of notes that nobody sees would be slow.
function editing({ bench, roll }, label, from, change, extra = {}) {
  const { piece, selection } = bench;
  const near = idsNear(roll, piece, selection);
  let last = null; // of the pointer
  return {
    move(at, event) {
      last = [at, event];
      bench.preview(change(piece, near(Math.abs(at.timeS - from.timeS) + BESIDE_S), at, event));
    },
    end: () => bench.change(last ? change(piece, selection, ...last) : piece, { label }),
    cancel: () => bench.cancel(),
    ...extra,
  };
}

// In time and pitch. The event that is held snaps, the others keep their distance from it.
export function moveGesture(editor, held, from, click) {
  const { selection } = editor.bench;
  let heardKey = held.key;
  return editing(editor, t("tools.move"), from, (piece, ids, at, event) => {
    const onset = editor.snap(held.onset + at.timeS - from.timeS, event);
    const keys = isPedal(held) ? 0 : Math.round(at.pitch - from.pitch);
    if (held.key + keys !== heardKey) {
      heardKey = held.key + keys;
      editor.sound({ ...held, key: heardKey });
    }
    return moveEvents(piece, ids, possibleShift(piece, selection, { seconds: onset - held.onset, keys }));
  }, { click });
}

export function stretchGesture(editor, held, edge, from, click) {
  return editing(editor, t("tools.stretch"), from, (piece, ids, at, event) => {
    const byS = editor.snap(held[edge] + at.timeS - from.timeS, event) - held[edge];
    return stretchEvents(piece, ids, edge === "onset" ? { onsetS: byS } : { offsetS: byS });
  }, { click });
}

// Upwards is louder.
export function velocityGesture(editor, from, click) {
  return editing(editor, t("tools.velocity"), from, (piece, ids, at) =>
    scaleVelocity(piece, ids, Math.round((from.y - at.y) * VELOCITY_A_PX)), { click, holdsView: true });
}

// A new note or pedal stroke from here to where the pointer is let go; a click makes one of the usual length.
export function drawGesture(editor, from, event) {
  const { bench } = editor;
  const onset = editor.snap(from.timeS, event);
  const { piece } = bench;
  const addTo = (at, endS) => {
    const offset = Math.max(endS, onset + editor.shortestS);
    return from.part === "pedals"
      ? addPedals(piece, [{ onset, offset, controller: from.controller }])
      : addNotes(piece, [{ onset, offset, key: at.key, velocity: editor.usual.velocity, hand: editor.usual.hand }]);
  };
  let latest = addTo(from, onset + editor.usual.lengthS);
  const finish = () => {
    const [changed, ids] = latest;
    bench.change(changed, { label: t("tools.draw") });
    bench.select(ids);
    if (from.part === "notes") editor.sound(bench.selected[0]);
  };
  bench.preview(latest[0]);
  return {
    move(at, moved) {
      latest = addTo(from, editor.snap(at.timeS, moved));
      bench.preview(latest[0]);
    },
    end: finish,
    click: finish,
    cancel: () => bench.cancel(),
  };
}

// A frame selects what it touches; with Shift, to what is selected.
export function lassoGesture(editor, from, event, click) {
  const { bench, roll } = editor;
  const before = [...bench.selection];
  const chosen = event.shiftKey ? before : [];
  const stop = () => { editor.frame = null; };
  return {
    move(at) {
      const startX = roll.xOf(from.timeS); // the view may have moved
      const startY = from.part === "notes" ? roll.yOf(from.pitch) : from.y;
      const [left, right] = [Math.min(startX, at.x), Math.max(startX, at.x)];
      editor.frame = { left, right, top: Math.min(startY, at.y), bottom: Math.max(startY, at.y) };
      const keys = { lowest: Math.min(from.key, at.key), highest: Math.max(from.key, at.key) };
      bench.select([...chosen, ...idsIn(roll, bench.kept, editor.frame, keys)]);
      roll.drawMoving();
    },
    end: stop,
    click,
    cancel() {
      stop();
      bench.select(before);
    },
  };
}
