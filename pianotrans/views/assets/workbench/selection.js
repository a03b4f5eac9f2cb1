// What is selected in a piece: ids of notes and pedals.

import { lastBefore } from "../shared/performance.js";

// Notes that sound within a stretch of time on keys from `lowest` to `highest`; with `controllers`, their pedals, too.
export function idsInRectangle(piece, { startS, endS, lowest, highest, controllers = [] }) {
  const touches = (event) => event.onset < endS && event.offset > startS;
  const ids = (events, isWanted) => events.slice(0, lastBefore(events, endS) + 1)
    .filter((event) => touches(event) && isWanted(event)).map((event) => event.id);
  return new Set([
    ...ids(piece.notes, ({ key }) => key >= lowest && key <= highest),
    ...(controllers.length ? ids(piece.pedals, ({ controller }) => controllers.includes(controller)) : []),
  ]);
}

const idsOf = (events) => new Set(events.map((event) => event.id));

export const idsOfKey = (piece, key) => idsOf(piece.notes.filter((note) => note.key === key));

export const idsOfController = (piece, controller) =>
  idsOf(piece.pedals.filter((pedal) => pedal.controller === controller));

// 1 (right), 2 (left), or null for notes of neither.
export const idsOfHand = (piece, hand) => idsOf(piece.notes.filter((note) => note.hand === hand));

export const idsOfAll = (piece) => idsOf([...piece.notes, ...piece.pedals]);
