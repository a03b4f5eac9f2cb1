// A small picture of a transcription's notes, for its row. Read from the table of notes once the row is in view.

import { getTable } from "./api.js";
import { NotePainter, boxesOfNotes, keyRange } from "./shared/notes.js";

const FEWEST_KEYS = 36;
const MARGIN_KEYS = 1;
const SMALLEST_PX = 4; // two of the screen's, on most

const waiting = new Map(); // the work for each canvas that has not been in view
const painted = new Map(); // the notes on each canvas, and their duration

const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    watcher.unobserve(target);
    waiting.get(target)?.();
    waiting.delete(target);
  }
});

addEventListener("themechange", () => {
  for (const [canvas, { notes, durationS }] of painted) {
    if (canvas.isConnected) paint(canvas, notes, durationS);
    else painted.delete(canvas);
  }
});

export function paintWhenSeen(canvas, job) {
  waiting.set(canvas, async () => {
    const table = await getTable(job.id).catch(() => null); // the job may just have been deleted
    if (table === null) return;
    const notes = notesOf(table);
    painted.set(canvas, { notes, durationS: job.duration_s });
    paint(canvas, notes, job.duration_s);
  });
  watcher.observe(canvas);
}

function notesOf(table) {
  const rows = table.split("\n").map((line) => line.split(","));
  return rows.filter(([type]) => type === "note").map(([, onset, offset, key, , velocity]) =>
    ({ onset: Number(onset), offset: Number(offset), key: Number(key), velocity: Number(velocity) }));
}

function paint(canvas, notes, durationS) {
  const pen = canvas.getContext("2d");
  const [lowest, highest] = keyRange(notes, FEWEST_KEYS, MARGIN_KEYS);
  const keyPx = canvas.height / (highest - lowest + 1);
  const pixelsPerS = canvas.width / Math.max(durationS, 1);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  new NotePainter().paint(pen, notes, boxesOfNotes({
    xOf: (timeS) => timeS * pixelsPerS,
    yOf: (key) => (highest - key) * keyPx,
    heightPx: Math.max(SMALLEST_PX, keyPx),
    shortestPx: SMALLEST_PX,
  }));
}
