// What lies under a pointer: an event, and which part of it; and what lies inside a frame.

import { eventsBetween } from "../shared/performance.js";
import { LANE_PX } from "../shared/roll_layout.js";
import { isPedal } from "./events.js";
import { idsInRectangle } from "./selection.js";

const REACHES_PX = { mouse: [3, 0], pen: [5, 2], touch: [14, 10] }; // beside and above an event one still means it
const END_PX = { mouse: 6, pen: 8, touch: 12 }; // inside, at both ends; of a short event a quarter

// Where an event is on the roll.
export function boxOf(roll, event) {
  const x = roll.xOf(event.onset);
  const y = isPedal(event) ? roll.rollPx + LANE_PX * roll.kinds.indexOf(event.controller) : roll.yOf(event.key);
  const heightPx = isPedal(event) ? LANE_PX : roll.keyPx;
  return { x, y, widthPx: Math.max(roll.xOf(event.offset) - x, 2), heightPx };
}

// → { event, edge: "onset", "offset" or null }, or null. What is selected is meant before what is not, then the nearest, and
// of several under the pointer the one painted last.
export function hitAt(roll, at, kind, selection) {
  const [besidePx, abovePx] = REACHES_PX[kind] ?? REACHES_PX.mouse;
  const marginS = besidePx / roll.pixelsPerS;
  const events = at.part === "notes" ? roll.notes : at.part === "pedals" ? roll.pedals : [];
  const longestS = at.part === "notes" ? roll.longestS : roll.longestPedalS;
  let best = null;
  for (const event of eventsBetween(events, at.timeS - marginS, at.timeS + marginS, longestS + marginS)) {
    const box = boxOf(roll, event);
    const besides = Math.max(box.x - at.x, at.x - box.x - box.widthPx, 0);
    const aboves = Math.max(box.y - at.y, at.y - box.y - box.heightPx, 0);
    if (besides > besidePx || aboves > abovePx) continue;
    const distance = besides + aboves - (selection.has(event.id) ? 0.5 : 0);
    if (!best || distance <= best.distance) best = { event, distance, edge: endAt(box, at.x, END_PX[kind] ?? END_PX.mouse) };
  }
  return best;
}

function endAt({ x, widthPx }, pointerPx, edgePx) {
  const insidePx = Math.min(edgePx, widthPx / 4);
  if (pointerPx >= x + widthPx - insidePx) return "offset";
  return pointerPx <= x + insidePx ? "onset" : null;
}

// The ids of the notes and pedals that a frame touches, of those that are shown. `lowest` and `highest` are its keys, if it
// has any; some of them may be out of view.
export function idsIn(roll, shown, { left, right, top, bottom }, { lowest, highest }) {
  const hasKeys = top < roll.rollPx && bottom > roll.topPx;
  return idsInRectangle(shown, {
    startS: roll.timeAt(left),
    endS: roll.timeAt(right),
    lowest: hasKeys ? lowest : Infinity,
    highest: hasKeys ? highest : -Infinity,
    controllers: roll.kinds.filter((_, i) => {
      const laneTop = roll.rollPx + LANE_PX * i;
      return top < laneTop + LANE_PX && bottom > laneTop;
    }),
  });
}

// A function from seconds to those of these ids whose events are in the view, or not farther from it.
export function idsNear(roll, { notes, pedals }, ids) {
  const { longestS, longestPedalS } = roll; // before anything is changed
  return (marginS) => {
    const between = (events, longest) => eventsBetween(events, roll.startS - marginS, roll.endS + marginS, longest);
    const events = [...between(notes, longestS), ...between(pedals, longestPedalS)];
    return new Set(events.map(({ id }) => id).filter((id) => ids.has(id)));
  };
}
