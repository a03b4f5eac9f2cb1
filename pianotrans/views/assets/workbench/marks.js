// What editing adds to the picture: a frame around what is selected, and the lasso.

import { readColours } from "../shared/colours.js";
import { noteBoxes, paintPedal, pedalBoxes } from "../shared/roll_layers.js";
import { ORDER } from "../shared/roll_layout.js";

const SMALL_PX = 5; // of an event without a light frame

export function addMarks(editor) {
  const { roll } = editor;
  const theme = {};
  const readTheme = () => Object.assign(theme, readColours(["ink", "accent", "paper"]));
  readTheme();
  addEventListener("themechange", readTheme);
  const chosenOf = (events) => events.filter(({ id }) => editor.bench.selection.has(id));
  roll.addLayer({
    order: ORDER.marks, isMoving: true, isInKeys: true,
    paint(pen) {
      const notes = chosenOf(roll.notesInView);
      roll.painter.paint(pen, notes, paintFrames(pen, theme, notes, noteBoxes(roll)));
    },
  });
  roll.addLayer({
    order: ORDER.marks, isMoving: true,
    paint(pen) {
      const pedals = chosenOf(roll.pedalsInView);
      const boxOf = paintFrames(pen, theme, pedals, pedalBoxes(roll));
      for (const pedal of pedals) paintPedal(pen, roll, pedal, boxOf(pedal));
    },
  });
  roll.addLayer({ order: ORDER.above, isMoving: true, paint: (pen) => paintLasso(pen, editor, theme) });
  editor.bench.addEventListener("select", () => roll.drawMoving());
}

// A dark frame and a light one inside it: one of them stands out from every colour. They are boxes that are filled, with
// the event on top, and lie on whole pixels: to outline thousands of notes would be slow. Returns what gives the box that is
// left to an event.
function paintFrames(pen, theme, events, boxOf) {
  const boxes = new Map(events.map((event) => [event, onPixels(boxOf(event))]));
  const fill = (colour, growPx) => {
    pen.fillStyle = colour;
    for (const box of boxes.values()) {
      const [x, y, widthPx, heightPx] = box;
      if (growPx > 0 || !isSmall(box)) pen.fillRect(x - growPx, y - growPx, widthPx + 2 * growPx, heightPx + 2 * growPx);
    }
  };
  fill(theme.ink, 1);
  fill(theme.paper, 0);
  return (event) => {
    const box = boxes.get(event);
    const [x, y, widthPx, heightPx] = box;
    return isSmall(box) ? box : [x + 1, y + 1, widthPx - 2, heightPx - 2];
  };
}

function onPixels([x, y, widthPx, heightPx]) {
  const [left, top] = [Math.round(x), Math.round(y)];
  return [left, top, Math.max(1, Math.round(x + widthPx) - left), Math.max(1, Math.round(y + heightPx) - top)];
}

const isSmall = ([, , widthPx, heightPx]) => widthPx < SMALL_PX || heightPx < SMALL_PX;

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
