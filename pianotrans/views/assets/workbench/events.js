// Notes and pedals of a piece, none of which ever changes: what they are, and in which order they stand.

import { PEDALS } from "../shared/performance.js";

export const SHORTEST_S = 0.01; // an event that is edited

export const isPedal = (event) => event.controller !== undefined;

export const trackOf = (event) => event.controller ?? event.key;

export const toMicroseconds = (timeS) => Math.round(timeS * 1e6) / 1e6;

// Whether two have all in common that can be edited.
export const isSameEvent = (one, other) =>
  one.onset === other.onset && one.offset === other.offset && one.key === other.key && one.velocity === other.velocity &&
  one.hand === other.hand && one.isAccepted === other.isAccepted && one.controller === other.controller;

// As a Performance orders them.
export function compareEvents(one, other) {
  if (one.onset !== other.onset) return one.onset - other.onset;
  if (!isPedal(one)) return one.key - other.key || one.offset - other.offset || one.velocity - other.velocity;
  const [kind, otherKind] = [PEDALS.get(one.controller), PEDALS.get(other.controller)];
  return kind === otherKind ? one.offset - other.offset : kind < otherKind ? -1 : 1;
}
