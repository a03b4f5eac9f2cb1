// The piece on the bench: what it was, what it is, what is selected, and what the filter leaves of it. Who shows any of
// this listens to its events: "change" of the piece or of what is shown, "select".

import { sureness } from "../shared/notes.js";
import { isPedal } from "./events.js";
import { History } from "./history.js";
import { eventsOf, noteName, pieceOf } from "./piece.js";

export class Bench extends EventTarget {
  // From a Performance, which stays what it is. `bars` are those of its score.
  constructor(song, bars) {
    super();
    this.song = song;
    this.bars = bars;
    this.songScore = bars.score; // in which the notes of the song are written
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
    const events = eventsOf(this.piece, ids);
    if (events.length === this.selection.size && events.every(({ id }) => this.selection.has(id))) return;
    this.selection = new Set(events.map(({ id }) => id));
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

  get selected() { return eventsOf(this.piece, this.selection); }
  get selectedNotes() { return this.selected.filter((event) => !isPedal(event)); }
  get hasSelectedNotes() { return this.selected.length > 0 && !isPedal(this.selected[0]); }

  nameOf(note) { return noteName(note, this.song); }

  // The bar of a note: the one it is written in, as long as it is where it was played.
  barOf(note) {
    const written = note.index === null ? null : this.song.notes[note.index];
    const isAsWritten = written?.onset === note.onset && this.bars.score === this.songScore;
    return isAsWritten ? this.bars.list[written.bar] ?? null : this.bars.at(note.onset);
  }

  // `detail` has `label`, `isPreview`, `isFilter`: what is slow to show may wait until it is no preview.
  present(piece, detail) {
    this.piece = piece;
    this.keep();
    this.dispatchEvent(new CustomEvent("change", { detail }));
    if (!detail.isPreview) this.select(this.selection);
  }
}
