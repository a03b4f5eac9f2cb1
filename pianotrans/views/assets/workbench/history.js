// The past of a piece: undo and redo without limit. It keeps what each step changed, not every piece: a step costs
// memory for the stretch between its first and its last event.

export class History {
  constructor(piece) {
    this.piece = piece; // the present one
    this.past = [];
    this.future = [];
  }

  // A new present; what was undone before is gone. False: nothing changed.
  push(piece, label = "") {
    if (piece === this.piece) return false;
    this.past.push({ label, ...stepBetween(this.piece, piece) });
    this.future = [];
    this.piece = piece;
    return true;
  }

  // The piece before the last step, or the present one if there is none.
  undo() { return this.#step(this.past, this.future, "before", "after"); }
  redo() { return this.#step(this.future, this.past, "after", "before"); }

  get canUndo() { return this.past.length > 0; }
  get canRedo() { return this.future.length > 0; }

  // What undo and redo would take back, or do again; null for nothing.
  get undoLabel() { return this.past.at(-1)?.label ?? null; }
  get redoLabel() { return this.future.at(-1)?.label ?? null; }

  #step(from, to, wanted, present) {
    const step = from.pop();
    if (!step) return this.piece;
    to.push(step);
    const lists = ["notes", "pedals"].map((name) => [name, exchange(this.piece[name], step[name], wanted, present)]);
    this.piece = { ...this.piece, ...step.rest[wanted], ...Object.fromEntries(lists) };
    return this.piece;
  }
}

const restOf = ({ beats, score, dismissed, nextId }) => ({ beats, score, dismissed, nextId });

const stepBetween = (before, after) => ({
  notes: difference(before.notes, after.notes),
  pedals: difference(before.pedals, after.pedals),
  rest: { before: restOf(before), after: restOf(after) },
});

// Null, or what lies between the events that two lists have in common at both ends.
export function difference(before, after) {
  if (before === after) return null;
  let start = 0;
  while (start < Math.min(before.length, after.length) && before[start] === after[start]) start += 1;
  let nSame = 0; // at the end
  const most = Math.min(before.length, after.length) - start;
  while (nSame < most && before.at(-1 - nSame) === after.at(-1 - nSame)) nSame += 1;
  const between = (list) => list.slice(start, list.length - nSame);
  return { start, before: between(before), after: between(after) };
}

function exchange(list, difference, wanted, present) {
  if (difference === null) return list;
  const { start } = difference;
  return [...list.slice(0, start), ...difference[wanted], ...list.slice(start + difference[present].length)];
}
