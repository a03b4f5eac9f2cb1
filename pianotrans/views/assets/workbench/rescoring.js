// The score follows what is edited, where the host can make one: the server does, a browser alone cannot.

import { editsOf } from "./edits.js";

const SETTLED_MS = 500; // after the last change

// Calls `onScore` with { score, pages, remarks, conflicts } and the piece that this is about, whose notes it numbers in
// the order of `notesAsScored`, and `onTrouble` with a message if there is none.
export function followScore(bench, host, { onScore, onTrouble }) {
  if (!host.canRescore) return;
  let timer = null;
  let scored = bench.base;
  const follow = async () => {
    const { base, piece } = bench;
    if (piece === scored) return;
    scored = piece;
    try {
      const made = await host.rescore(editsOf(base, piece));
      if (made && scored === piece) onScore(made, piece);
    } catch ({ message }) {
      onTrouble(message);
    }
  };
  const wait = ({ detail } = {}) => {
    if (detail?.isPreview || detail?.isFilter) return;
    clearTimeout(timer);
    timer = setTimeout(follow, SETTLED_MS);
  };
  bench.addEventListener("change", wait);
  wait(); // for what was opened before
}

export const notesAsScored = (piece) => [...piece.notes].sort(asPerformed);

// As pianotrans/events/performance.py puts notes in order.
function asPerformed(one, other) {
  return one.onset - other.onset || one.key - other.key || one.offset - other.offset || one.velocity - other.velocity;
}
