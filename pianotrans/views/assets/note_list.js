// The list of notes, page by page: a table of 20 000 rows would keep a browser busy for seconds.

import { clock } from "./shared/format.js";
import { t } from "./shared/texts.js";

const ROWS_A_PAGE = 100;
const HANDS = { 1: "report.right", 2: "report.left" };

export class NoteList {
  // With `bars` there is a column for them, and one for hands where these are known.
  constructor(rows, page, earlier, later, onChoose, bench, { bars, hasHands }) {
    Object.assign(this, { rows, page, earlier, later, onChoose, bench, bars, hasHands });
    this.first = 0;
    this.shown = []; // a note for each row
    earlier.addEventListener("click", () => this.turn(-1));
    later.addEventListener("click", () => this.turn(1));
  }

  // The page that was open stays open.
  show(notes) {
    this.notes = notes;
    const lastPage = Math.max(0, Math.ceil(notes.length / ROWS_A_PAGE) - 1);
    this.first = Math.min(this.first, lastPage * ROWS_A_PAGE);
    this.update();
  }

  turn(pages) {
    this.first += pages * ROWS_A_PAGE;
    this.update();
  }

  // All anew: in another language.
  write() {
    this.shown = [];
    this.update();
  }

  // Rows of notes that stay where they are stay, too: laying out a table is slow.
  update() {
    const { rows, bench } = this;
    const before = this.writtenBars === bench.bars.list ? this.shown : [];
    const shown = this.notes.slice(this.first, this.first + ROWS_A_PAGE);
    while (rows.rows.length > shown.length) rows.lastElementChild.remove();
    shown.forEach((note, i) => {
      if (note === before[i]) return;
      if (i < rows.rows.length) rows.rows[i].replaceWith(this.row(note));
      else rows.append(this.row(note));
    });
    [this.shown, this.writtenBars] = [shown, bench.bars.list];
    const last = this.first + shown.length;
    this.page.textContent = shown.length ? t("report.rows", { first: this.first + 1, last, n: this.notes.length }) : t("report.no_rows");
    this.earlier.disabled = this.first === 0;
    this.later.disabled = last >= this.notes.length;
  }

  row(note) {
    const name = this.bench.nameOf(note);
    const row = document.createElement("tr");
    const go = document.createElement("button");
    go.type = "button";
    go.textContent = clock(note.onset, 2);
    go.setAttribute("aria-label", t("report.go_to", { name, time: clock(note.onset, 2) }));
    go.addEventListener("click", () => this.onChoose(note.onset));
    row.insertCell().append(go);
    const duration = `${(note.offset - note.onset).toFixed(2)} s`;
    const known = note.confidence === null ? t("report.unknown") : `${(100 * note.confidence).toFixed(1)} %`;
    const confidence = note.isAccepted ? t("tools.accepted") : known;
    const place = [
      ...(this.bars.length ? [this.bench.barOf(note)?.number ?? "–"] : []),
      ...(this.hasHands ? [note.hand in HANDS ? t(HANDS[note.hand]) : "–"] : []),
    ];
    for (const text of [...place, duration, name, note.velocity, confidence]) row.insertCell().textContent = text;
    return row;
  }

  // Highlight the notes that sound at a time.
  mark(nowS) {
    const { rows } = this.rows;
    this.shown.forEach(({ onset, offset }, i) => rows[i].classList.toggle("sounding", onset <= nowS && nowS < offset));
  }
}
