// All that can be done to what is selected, and by which keys. The toolbar and the help sheet show the same list.

import { t } from "../shared/texts.js";
import { copyEvents, pasteEvents } from "./clipboard.js";
import { SNAPS } from "./editor.js";
import {
  addNotes, addPedals, joinNotes, moveEvents, removeEvents, scaleVelocity, setEvents, splitNotes, stretchEvents,
} from "./piece.js";
import { idsOfAll, idsOfHand, idsOfKey } from "./selection.js";

const OCTAVE = 12;
const LOUDER = 5;
const SUSTAIN_PEDAL = 64;

// → by name: { keys, text, run, when, isOn, what, isOfText }, the first four as Shortcuts takes them. `isOn` tells
// whether it is chosen, `what` what it would do it to; with `isOfText` its keys are left to text that is selected.
export function commandsOf(editor, { pointing, velocityLane, nowS }) {
  const { bench, roll } = editor;
  const hasSelection = () => bench.selection.size > 0;
  const hasNotes = () => bench.hasSelectedNotes;

  // `change` gives the new piece; while a key is held down its steps are one of the history.
  const edit = (name, change) => (event) =>
    bench.change(change(bench.piece, bench.selection), { label: t(`tools.${name}`), isMore: event?.repeat });
  const editing = (name, keys, change, when = hasSelection) =>
    ({ keys, text: `tools.${name}`, run: edit(name, change), when });
  const stepS = () => editor.stepAt(bench.selected[0].onset);
  const move = (keys, name, by) => {
    const command = editing("move", keys, (piece, ids) => moveEvents(piece, ids, by()));
    const run = (event) => {
      command.run(event);
      bench.selectedNotes.slice(0, 1).forEach(({ key }) => roll.revealKey(key));
    };
    return { ...command, run, text: `tools.${name}` };
  };

  const add = (adder) => () => {
    const [piece, ids] = adder(bench.piece);
    bench.change(piece, { label: t("tools.draw") });
    bench.select(ids);
    bench.selectedNotes.slice(0, 1).forEach(editor.sound);
  };
  const copy = () => { editor.copied = copyEvents(bench.piece, bench.selection); };
  const remove = edit("delete", removeEvents);
  const toggleMode = (mode, key) => ({
    keys: [key], text: `tools.${mode}`, run: () => editor.set({ mode }), isOn: () => editor.mode === mode,
  });
  const hand = (number, name) =>
    editing(name, [`${number}`], (piece, ids) => setEvents(piece, ids, { hand: number }), hasNotes);
  const selectAlike = (ofNote) => () => bench.select(bench.selectedNotes.flatMap((note) => [...ofNote(note)]));

  function walk(by) {
    const { notes } = bench.kept;
    const ids = bench.selection;
    const isChosen = ({ id }) => ids.has(id);
    const [chosenAt, nowAt] = by > 0
      ? [notes.findLastIndex(isChosen), notes.findIndex(({ offset }) => offset > nowS())]
      : [notes.findIndex(isChosen), notes.findLastIndex(({ onset }) => onset < nowS())];
    const note = notes[chosenAt < 0 ? nowAt : chosenAt + by];
    if (!note) return;
    bench.select([note.id]);
    roll.reveal(note.onset);
    roll.revealKey(note.key);
    editor.sound(note);
  }

  function drawNote() {
    const { lengthS, velocity, hand: usualHand } = editor.usual;
    const key = bench.selectedNotes[0]?.key ?? 60;
    return add((piece) => addNotes(piece, [{ onset: nowS(), offset: nowS() + lengthS, key, velocity, hand: usualHand }]))();
  }

  function nextSnap() {
    const possible = SNAPS.filter((one) => editor.hasBeats || !one.startsWith("beats"));
    editor.set({ snapTo: possible[(possible.indexOf(editor.snapTo) + 1) % possible.length] });
  }

  return {
    pointer: toggleMode("pointer", "v"),
    pencil: toggleMode("pencil", "d"),
    hand: toggleMode("hand", "h"),
    snap: { keys: ["x"], text: "tools.snap-next", run: nextSnap },
    velocityLane: {
      keys: ["o"], text: "tools.velocity-lane-toggle", run: () => velocityLane.toggle(), isOn: () => !velocityLane.isHidden,
    },

    undo: {
      keys: ["Ctrl+z"], text: "tools.undo", run: () => bench.undo(), when: () => bench.canUndo,
      what: () => bench.history.undoLabel,
    },
    redo: {
      keys: ["Ctrl+Shift+z", "Ctrl+y"], text: "tools.redo", run: () => bench.redo(), when: () => bench.canRedo,
      what: () => bench.history.redoLabel,
    },

    selectAll: { keys: ["Ctrl+a"], text: "tools.select-all", run: () => bench.select(idsOfAll(bench.kept)) },
    selectNext: { keys: ["f"], text: "tools.select-next", run: () => walk(1) },
    selectPrevious: { keys: ["Shift+f"], text: "tools.select-previous", run: () => walk(-1) },
    selectKey: {
      keys: ["k"], text: "tools.select-key", run: selectAlike(({ key }) => idsOfKey(bench.kept, key)), when: hasNotes,
    },
    selectHand: {
      keys: ["a"], text: "tools.select-hand", run: selectAlike(({ hand: of }) => idsOfHand(bench.kept, of)), when: hasNotes,
    },
    leave: {
      keys: ["Escape"], text: "tools.leave", run: () => pointing.cancel() || bench.select([]),
      when: () => pointing.isDragging || hasSelection(),
    },

    earlier: move(["ArrowLeft"], "earlier", () => ({ seconds: -stepS() })),
    later: move(["ArrowRight"], "later", () => ({ seconds: stepS() })),
    up: move(["ArrowUp"], "up", () => ({ keys: 1 })),
    down: move(["ArrowDown"], "down", () => ({ keys: -1 })),
    octaveUp: move(["Shift+ArrowUp"], "octave-up", () => ({ keys: OCTAVE })),
    octaveDown: move(["Shift+ArrowDown"], "octave-down", () => ({ keys: -OCTAVE })),
    shorter: editing("shorter", ["Shift+ArrowLeft"], (piece, ids) => stretchEvents(piece, ids, { offsetS: -stepS() })),
    longer: editing("longer", ["Shift+ArrowRight"], (piece, ids) => stretchEvents(piece, ids, { offsetS: stepS() })),
    louder: editing("louder", ["Alt+ArrowUp"], (piece, ids) => scaleVelocity(piece, ids, LOUDER), hasNotes),
    softer: editing("softer", ["Alt+ArrowDown"], (piece, ids) => scaleVelocity(piece, ids, -LOUDER), hasNotes),
    right: hand(1, "right"),
    left: hand(2, "left"),

    delete: { keys: ["Delete", "Backspace"], text: "tools.delete", run: remove, when: hasSelection },
    split: editing("split", ["s"], (piece, ids) => splitNotes(piece, ids, nowS())),
    join: editing("join", ["j"], joinNotes),
    draw: { keys: ["i"], text: "tools.draw-note", run: drawNote },
    drawPedal: {
      keys: ["Shift+i"], text: "tools.draw-pedal",
      run: add((piece) =>
        addPedals(piece, [{ onset: nowS(), offset: nowS() + editor.usual.lengthS, controller: SUSTAIN_PEDAL }])),
    },
    cut: { keys: ["Ctrl+x"], text: "tools.cut", run: () => { copy(); remove(); }, when: hasSelection },
    copy: { keys: ["Ctrl+c"], text: "tools.copy", run: copy, when: hasSelection, isOfText: true },
    paste: {
      keys: ["Ctrl+v"], text: "tools.paste", run: add((piece) => pasteEvents(piece, editor.copied, nowS())),
      when: () => editor.copied !== null,
    },
  };
}

const GROUPS = {
  "tools.group-tools": ["pointer", "pencil", "hand", "snap", "velocityLane"],
  "tools.group-select": ["selectAll", "selectNext", "selectPrevious", "selectKey", "selectHand", "leave"],
  "tools.group-change": [
    "earlier", "later", "up", "down", "octaveUp", "octaveDown", "shorter", "longer", "louder", "softer", "right", "left",
  ],
  "tools.group-edit": ["undo", "redo", "delete", "split", "join", "draw", "drawPedal", "cut", "copy", "paste"],
};

const ANYWHERE = ["undo", "redo"]; // the others work only where one sees what they do

export function addCommands(shortcuts, commands, roll) {
  const shortcutOf = (name) => {
    const { when = () => true, isOfText, ...command } = commands[name];
    const isFree = () => !isOfText || getSelection().isCollapsed;
    return { ...command, when: () => (roll.isShown || ANYWHERE.includes(name)) && when() && isFree() };
  };
  for (const [group, names] of Object.entries(GROUPS)) shortcuts.add(group, names.map(shortcutOf));
}
