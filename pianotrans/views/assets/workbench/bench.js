// The piece on the bench: what it was, what it is, what is selected, and what the filter leaves of it. Who shows any of
// this listens to its events: "change" of the piece or of what is shown, "select".

import { sureness } from "../shared/notes.js";
import { History } from "./history.js";
import { eventsOf, isPedal, noteName, pieceOf } from "./piece.js";

export class Bench extends EventTarget {
  // From a Performance, which stays what it is. `bars` are those of its score.
  constructor(song, bars) {
    super();
    this.song = song;
    this.bars = bars;
    this.base = pieceOf(song);
    this.history = new History(this.base);
    this.piece = this.base; // the present one, or one that is tried out
    this.selection = new Set(); // ids of notes and pedals
    this.minConfidence = 0;
    this.keep();
  }

  // A new present. `label` says what was done, as in "Undo: move". With `isMore` it is one step with the last one, if
  // that has the same label.
  change(piece, { label = "", isMore = false } = {}) {
    if (isMore && this.history.undoLabel === label) this.history.undo();
    this.history.push(piece, label);
    this.present(piece, { label });
  }

  // Shown while something is dragged, but not in the history: `change` or `cancel` follows.
  preview(piece) { this.present(piece, { isPreview: true }); }
  cancel() { this.present(this.history.piece, {}); }

  // Another piece, with a past of its own: edits that were stored.
  open(piece) {
    this.history = new History(piece);
    this.present(piece, {});
  }

  get canUndo() { return this.history.canUndo; }
  get canRedo() { return this.history.canRedo; }

  undo() { this.present(this.history.undo(), {}); }
  redo() { this.present(this.history.redo(), {}); }

  // Only these events are selected from now on; those that there are.
  select(ids) {
    const there = eventsOf(this.piece, ids).map((event) => event.id);
    if (there.length === this.selection.size && there.every((id) => this.selection.has(id))) return;
    this.selection = new Set(there);
    this.dispatchEvent(new Event("select"));
  }

  // Show only notes of this confidence, and those of none.
  filter(minConfidence) {
    this.minConfidence = minConfidence;
    this.present(this.piece, { isFilter: true });
  }

  // All that is shown: notes by the filter, and all pedals, of which models are less sure.
  keep() {
    const { notes, pedals } = this.piece;
    const isSure = (note) => sureness(note) >= this.minConfidence;
    this.kept = this.minConfidence ? { notes: notes.filter(isSure), pedals } : this.piece;
  }

  // Many ask, and 20 000 notes take time, so the answer is kept until the piece or the selection is another.
  get selected() {
    if (this.found?.piece !== this.piece || this.found.selection !== this.selection) {
      this.found = { piece: this.piece, selection: this.selection, events: eventsOf(this.piece, this.selection) };
    }
    return this.found.events;
  }

  get selectedNotes() { return this.selected.filter((event) => !isPedal(event)); }

  nameOf(note) { return noteName(note, this.song); }

  // The bar of a note: the one it is written in, as long as it is where it was played.
  barOf(note) {
    const written = note.index === null ? null : this.song.notes[note.index];
    return written?.onset === note.onset ? this.bars.list[written.bar] ?? null : this.bars.at(note.onset);
  }

  // `detail` has `label`, `isPreview`, `isFilter`: what is slow to show may wait until it is no preview.
  present(piece, detail) {
    this.piece = piece;
    this.keep();
    this.dispatchEvent(new CustomEvent("change", { detail }));
    if (!detail.isPreview) this.select(this.selection);
  }
}
