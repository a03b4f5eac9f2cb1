// What lies under a pointer: an event, and which part of it; and what lies inside a frame.

import { eventsBetween } from "../shared/performance.js";
import { LANE_PX } from "../shared/roll_layout.js";
import { isPedal } from "./piece.js";

const NEAR_PX = { mouse: [3, 0], pen: [5, 2], touch: [14, 10] }; // beside and above an event one still means it
const EDGE_PX = { mouse: 6, pen: 8, touch: 12 }; // inside, at both ends; of a short event a quarter

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
  const [besidePx, abovePx] = NEAR_PX[kind] ?? NEAR_PX.mouse;
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
    if (!best || distance <= best.distance) best = { event, distance, edge: edgeAt(box, at.x, EDGE_PX[kind] ?? EDGE_PX.mouse) };
  }
  return best;
}

function edgeAt({ x, widthPx }, pointerPx, edgePx) {
  const insidePx = Math.min(edgePx, widthPx / 4);
  if (pointerPx >= x + widthPx - insidePx) return "offset";
  return pointerPx <= x + insidePx ? "onset" : null;
}

// The notes and pedals that a frame touches.
export function eventsIn(roll, { left, right, top, bottom }) {
  const [fromS, toS] = [roll.timeAt(left), roll.timeAt(right)];
  const candidates = [
    ...eventsBetween(roll.notes, fromS, toS, roll.longestS),
    ...eventsBetween(roll.pedals, fromS, toS, roll.longestPedalS),
  ];
  return candidates.filter((event) => {
    const box = boxOf(roll, event);
    return box.y < bottom && box.y + box.heightPx > top;
  });
}
