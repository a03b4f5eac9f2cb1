// What every piano roll shows: the ground of keys, bars, times, notes, pedals, the present, the keyboard.

import { BAR_COLOURS, paintBars } from "./bars.js";
import { readColours } from "./colours.js";
import { clock, keyName } from "./format.js";
import { NotePainter, boxesOfNotes } from "./notes.js";
import { PEDALS, heldNotes } from "./performance.js";
import { KEYBOARD_PX, LANE_PX, ORDER, TIMES_PX } from "./roll_layout.js";
import { t } from "./texts.js";

const BLACK_KEY_PX = 33;
const NAME_PX = 10; // of a key
const TICK_PX = 5; // of times, where bars take the lines
const TICKS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800];
const SHORTEST_NOTE_PX = 1.5;
const ROLL_COLOURS = ["paper", "line", "quiet", "accent", "now", "black-row", "white-key", "black-key", "key-name"];
const FONT = "system-ui, sans-serif";

const isBlack = (key) => [1, 3, 6, 8, 10].includes(key % 12);

export function addPlainLayers(roll) {
  const layers = [
    { order: ORDER.ground, paint: paintGround, isInKeys: true },
    { order: ORDER.bars, paint: paintBarLines },
    { order: ORDER.bars, paint: paintTimes },
    { order: ORDER.notes, paint: paintStillNotes, isInKeys: true },
    { order: ORDER.notes, paint: paintStillPedals },
    { order: ORDER.notes, paint: paintLooseNotes, isInKeys: true, isMoving: true },
    { order: ORDER.notes, paint: paintLoosePedals, isMoving: true },
    { order: ORDER.notes, paint: paintLanes, isMoving: true },
    { order: ORDER.present, paint: paintPresent, isMoving: true },
    { order: ORDER.keyboard, paint: paintSide },
    { order: ORDER.keyboard, paint: paintKeys, isInKeys: true },
    { order: ORDER.keyboard, paint: paintLitKeys, isInKeys: true, isMoving: true },
  ];
  for (const layer of layers) roll.addLayer(layer);
}

// `theme` has colours by name, `painter` those of notes.
export function readRollColours(byHand) {
  const pedals = [...PEDALS.values()].map((name) => `pedal-${name}`);
  return { theme: readColours([...ROLL_COLOURS, ...BAR_COLOURS, ...pedals]), painter: new NotePainter({ byHand }) };
}

function paintGround(pen, roll) {
  for (let key = roll.lowest; key <= roll.highest; key += 1) {
    if (isBlack(key)) {
      pen.fillStyle = roll.theme["black-row"];
      pen.fillRect(KEYBOARD_PX, roll.yOf(key), roll.widthPx, roll.keyPx);
    }
    if (key % 12 === 0) {
      pen.fillStyle = roll.theme.line;
      pen.fillRect(KEYBOARD_PX, roll.yOf(key) + roll.keyPx - 0.5, roll.widthPx, 1);
    }
  }
}

function paintBarLines(pen, roll) {
  paintBars(pen, roll.bars, roll.theme, {
    startS: roll.startS,
    endS: roll.endS,
    xOf: (timeS) => roll.xOf(timeS),
    pixelsPerS: roll.pixelsPerS,
    topPx: roll.topPx,
    bottomPx: roll.bottomPx,
  });
}

function paintTimes(pen, roll) {
  const stepS = TICKS_S.find((step) => step * roll.pixelsPerS >= 70) ?? 3600;
  pen.font = `12px ${FONT}`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  for (let i = Math.ceil(roll.startS / stepS); i * stepS <= roll.endS; i += 1) {
    const x = roll.xOf(i * stepS);
    pen.fillStyle = roll.theme.line;
    pen.fillRect(x, roll.topPx ? roll.bottomPx : 0, 1, roll.topPx ? TICK_PX : roll.bottomPx);
    pen.fillStyle = roll.theme.quiet;
    const label = clock(i * stepS, stepS < 1 ? 1 : 0);
    const half = pen.measureText(label).width / 2 + 3;
    const inside = Math.min(Math.max(x, KEYBOARD_PX + half), roll.widthPx - half);
    pen.fillText(label, inside, roll.heightPx - TIMES_PX / 2);
  }
}

const paintStillNotes = (pen, roll) => paintNotes(pen, roll, [...roll.still.events]);
const paintStillPedals = (pen, roll) => paintPedals(pen, roll, [...roll.still.events]);
const paintLooseNotes = (pen, roll) => paintNotes(pen, roll, roll.still.loose);
const paintLoosePedals = (pen, roll) => paintPedals(pen, roll, roll.still.loose);

const isNote = ({ key }) => key !== undefined;

function paintNotes(pen, roll, events) { roll.painter.paint(pen, events.filter(isNote), noteBoxes(roll)); }

function paintPedals(pen, roll, events) {
  for (const pedal of events) if (!isNote(pedal)) paintPedal(pen, roll, pedal, pedalBoxes(roll)(pedal));
}

export function paintPedal(pen, roll, pedal, box) {
  pen.fillStyle = roll.theme[`pedal-${PEDALS.get(pedal.controller)}`];
  pen.fillRect(...box);
}

// Each gives for an event [x, y, width, height] of what is painted.
export const noteBoxes = (roll) => boxesOfNotes({
  xOf: (timeS) => roll.xOf(timeS),
  yOf: (key) => roll.yOf(key),
  heightPx: Math.max(1, roll.keyPx - 1),
  shortestPx: SHORTEST_NOTE_PX,
});

export const pedalBoxes = (roll) => ({ onset, offset, controller }) => {
  const x = roll.xOf(onset);
  return [x, roll.rollPx + LANE_PX * roll.kinds.indexOf(controller) + 3, Math.max(1, roll.xOf(offset) - x - 0.5), LANE_PX - 5];
};

function paintLanes(pen, roll) {
  for (const lane of roll.shownLanes) {
    pen.save();
    lane.paint(pen, roll, roll.laneTop(lane));
    pen.restore();
  }
}

function paintPresent(pen, roll) {
  pen.fillStyle = roll.theme.now;
  pen.fillRect(roll.xOf(roll.nowS) - 1, 0, 2, roll.bottomPx);
}

function paintKeys(pen, roll) {
  for (let key = roll.lowest; key <= roll.highest; key += 1) {
    paintKey(pen, roll, key, roll.theme[isBlack(key) ? "black-key" : "white-key"]);
  }
}

// The ground of the keyboard, and what stands above and below it.
function paintSide(pen, roll) {
  const { theme } = roll;
  pen.fillStyle = theme.paper;
  pen.fillRect(0, 0, KEYBOARD_PX, roll.heightPx);
  pen.fillStyle = theme["white-key"];
  pen.fillRect(0, roll.topPx, KEYBOARD_PX - 1, roll.rollPx - roll.topPx);
  pen.font = `${NAME_PX}px ${FONT}`;
  pen.textBaseline = "middle";
  pen.textAlign = "right";
  pen.fillStyle = theme.quiet;
  if (roll.topPx) pen.fillText(t("report.bar"), KEYBOARD_PX - 4, roll.topPx / 2);
  roll.kinds.forEach((kind, i) => pen.fillText(PEDALS.get(kind), KEYBOARD_PX - 4, roll.rollPx + LANE_PX * (i + 0.5)));
  for (const lane of roll.shownLanes) {
    pen.fillText(lane.label ?? "", KEYBOARD_PX - 4, roll.laneTop(lane) + lane.heightPx / 2);
  }
}

// Keys of notes that sound, and those that are pressed on a real keyboard.
function paintLitKeys(pen, roll) {
  const held = heldNotes(roll.notes, roll.nowS, roll.longestS).reverse(); // of one key, the latest counts
  const lights = new Map(held.map((note) => [note.key, roll.painter.lightOf(note)]));
  for (const key of roll.pressed) lights.set(key, roll.theme.accent);
  for (const [key, light] of lights) if (roll.showsKey(key)) paintKey(pen, roll, key, light);
}

function paintKey(pen, roll, key, colour) {
  const y = roll.yOf(key);
  pen.fillStyle = colour;
  pen.fillRect(0, y, isBlack(key) ? BLACK_KEY_PX : KEYBOARD_PX - 1, roll.keyPx);
  pen.fillStyle = roll.theme.line;
  pen.fillRect(0, y + roll.keyPx - 0.5, KEYBOARD_PX, 0.5);
  if (key % 12 !== 0) return;
  pen.font = `${NAME_PX}px ${FONT}`;
  pen.textBaseline = "middle";
  pen.textAlign = "right";
  pen.fillStyle = roll.theme["key-name"];
  const middlePx = Math.max(y + roll.keyPx / 2, roll.topPx + NAME_PX / 2); // the name of the highest key is whole
  pen.fillText(keyName(key), KEYBOARD_PX - 4, middlePx);
}
