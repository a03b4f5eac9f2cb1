// Takes edits away and brings them back: as a file, for `pianotrans apply` or another copy of the page, and as every
// format that the host can write with them.

import { t, translate } from "../shared/texts.js";
import { applyEdits, editsOf } from "./edits.js";
import { editsFile, readEditsFile } from "./host.js";
import { endingOf } from "./receiving.js";
import { RevisionList } from "./revision_list.js";

const LONGEST_LIST = 5; // conflicts that are named

export class Taking {
  // `save` hands a { name, bytes, type } to the reader, `receiving` knows what files are for.
  constructor({ bench, receiving, save, place }) {
    Object.assign(this, { bench, receiving, save });
    const root = document.createElement("section");
    root.id = "taking";
    root.setAttribute("aria-labelledby", "taking-heading");
    root.innerHTML = `
      <div class="controls">
        <h2 id="taking-heading" data-text="host.heading"></h2>
        <button type="button" class="store" data-text="host.store"></button>
        <button type="button" class="open" data-text="host.open"></button>
        <button type="button" class="revisions" data-text="host.revisions" aria-haspopup="dialog" hidden></button>
        <input type="file" accept=".json,application/json" hidden data-label="host.open">
        <span class="group formats" hidden><span data-text="host.with_edits"></span></span>
      </div>
      <p role="status"></p>`;
    [this.formats, this.line, this.input, this.revisions] = [".formats", "p", "input", ".revisions"].map((name) => root.querySelector(name));
    root.querySelector(".store").addEventListener("click", () => this.attempt(() => this.store()));
    root.querySelector(".open").addEventListener("click", () => this.input.click());
    this.input.addEventListener("change", () => this.attempt(() => this.open()));
    place.append(root);
    translate(root);
  }

  get edits() { return editsOf(this.bench.base, this.bench.piece); }

  // What the host writes: a button for each format; and the revisions that it keeps, of which `autosave` saves more.
  // How long notes last is chosen for all formats.
  setHost(host, autosave) {
    this.offerRevisions(host, autosave);
    const formats = host.formats.filter(({ name }) => name !== "sounding.mid");
    this.formats.hidden = !formats.length;
    this.formats.append(...formats.map(({ name, label }) => {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: label });
      button.addEventListener("click", () => this.attempt(() => this.fetch(host, name)));
      return button;
    }));
  }

  offerRevisions(host, autosave) {
    this.revisions.hidden = !host.keepsRevisions || !autosave;
    const attempt = (action) => this.attempt(action);
    const list = new RevisionList({ host, autosave, attempt, open: (edits, name) => this.apply(edits, name) });
    this.revisions.addEventListener("click", () => attempt(() => list.show()));
  }

  store() {
    const file = editsFile(this.edits);
    return this.save({ name: file.name, content: file });
  }

  // Only of MIDI are there two files where both durations are chosen.
  async fetch(host, format) {
    const isMidi = format === "mid";
    const stem = this.edits.transcription.title.replace(/\.[A-Za-z0-9]{1,5}$/, "");
    for (const choice of isMidi ? this.receiving.choices : this.receiving.choices.slice(0, 1)) {
      const content = await host.file(format, this.edits, choice);
      this.save({ name: `${stem}${isMidi ? endingOf(choice) : ""}.${format}`, content });
    }
  }

  async open() {
    const [file] = this.input.files;
    this.input.value = ""; // so that the same file can be chosen again
    this.apply(await readEditsFile(file), file.name);
  }

  // What no longer fits is told; the rest is one step that can be undone.
  apply(edits, name) {
    const { piece, conflicts } = applyEdits(this.bench.base, edits);
    this.bench.change(piece, { label: t("host.open") });
    const named = conflicts.slice(0, LONGEST_LIST).map(({ edit }) => edit.id).join(", ");
    this.line.textContent = conflicts.length ? t("host.unfit", { n: conflicts.length, named }) : t("host.opened", { name });
  }

  async attempt(action) {
    this.line.textContent = "";
    try {
      await action();
    } catch ({ message }) {
      this.line.textContent = message;
    }
  }
}
