// What editing adds to the picture: a frame around what is selected, and the lasso.

import { readColours } from "../shared/colours.js";
import { eventsBetween } from "../shared/performance.js";
import { ORDER } from "../shared/roll_layout.js";
import { boxOf } from "./hits.js";

export function addMarks(editor) {
  const { roll } = editor;
  const theme = {};
  const readTheme = () => Object.assign(theme, readColours(["ink", "accent", "paper"]));
  readTheme();
  addEventListener("themechange", readTheme);
  roll.addLayer({ order: ORDER.marks, paint: (pen) => paintSelection(pen, editor, theme) });
  roll.addLayer({ order: ORDER.above, paint: (pen) => paintLasso(pen, editor, theme) });
  editor.bench.addEventListener("select", () => roll.drawMoving());
}

// Two frames, dark and light: one of them stands out from every colour of a note.
function paintSelection(pen, { bench, roll }, theme) {
  if (!bench.selection.size) return;
  const isChosen = (event) => bench.selection.has(event.id);
  const boxes = [
    ...eventsBetween(roll.notes, roll.startS, roll.endS, roll.longestS).filter(isChosen),
    ...eventsBetween(roll.pedals, roll.startS, roll.endS, roll.longestPedalS).filter(isChosen),
  ].map((event) => boxOf(roll, event));
  for (const [colour, growPx, lineWidth] of [[theme.ink, 0.5, 1.5], [theme.paper, -0.75, 1]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = lineWidth;
    pen.beginPath();
    for (const { x, y, widthPx, heightPx } of boxes) {
      if (growPx < 0 && (widthPx < 5 || heightPx < 6)) continue;
      pen.rect(x - growPx, y - growPx, widthPx + 2 * growPx - 0.5, heightPx + 2 * growPx - 1);
    }
    pen.stroke();
  }
}

function paintLasso(pen, { frame }, theme) {
  if (!frame) return;
  const { left, right, top, bottom } = frame;
  pen.strokeStyle = pen.fillStyle = theme.accent;
  pen.globalAlpha = 0.12;
  pen.fillRect(left, top, right - left, bottom - top);
  pen.globalAlpha = 1;
  pen.setLineDash([4, 3]);
  pen.strokeRect(left, top, right - left, bottom - top);
}
