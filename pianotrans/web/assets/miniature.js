// A transcription at a glance: its notes, as small as a stamp. Read from the table of notes, once the line is in view.

import { fileUrl } from "./api.js";

const COLOURS = ["#3566b0", "#6a4fb3", "#b0338f", "#dd4a4a", "#f08a24", "#f7bf2f"]; // soft to loud, as in the report
const FEWEST_KEYS = 36;
const SMALLEST_PX = 4; // two of the screen's, on most

const waiting = new Map(); // what to do for an element as soon as it is seen
const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    watcher.unobserve(target);
    waiting.get(target)?.();
    waiting.delete(target);
  }
});

export function paintWhenSeen(canvas, job) {
  waiting.set(canvas, async () => {
    const answer = await fetch(fileUrl(job.id, "csv")).catch(() => null);
    if (answer?.ok) paint(canvas, notesOf(await answer.text()), job.duration_s);
  });
  watcher.observe(canvas);
}

function notesOf(table) {
  const rows = table.split("\n").map((line) => line.split(","));
  return rows.filter(([kind]) => kind === "note").map(([, onset, offset, key, , velocity]) =>
    ({ onset: Number(onset), offset: Number(offset), key: Number(key), velocity: Number(velocity) }));
}

function paint(canvas, notes, durationS) {
  const pen = canvas.getContext("2d");
  const keys = notes.map((note) => note.key);
  const lowest = keys.reduce((a, b) => Math.min(a, b), 127);
  const highest = keys.reduce((a, b) => Math.max(a, b), 0);
  const nKeys = Math.max(FEWEST_KEYS, highest - lowest + 3);
  const top = (lowest + highest + nKeys) / 2;
  const tall = canvas.height / nKeys;
  const perS = canvas.width / Math.max(durationS, 1);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  for (const { onset, offset, key, velocity } of notes) {
    pen.fillStyle = COLOURS[Math.floor((velocity / 128) * COLOURS.length)];
    pen.fillRect(onset * perS, (top - key - 0.5) * tall, Math.max(SMALLEST_PX, (offset - onset) * perS - 1), Math.max(SMALLEST_PX, tall));
  }
}
