// A row of the list, for an upload or a job, made from the page's template. Names are set
// as text, never as markup.

import { fileUrl } from "./api.js";
import { t, translate } from "./shared/texts.js";

export class Row {
  constructor(name) {
    this.element = document.getElementById("row").content.firstElementChild.cloneNode(true);
    const part = (kind) => this.element.querySelector(`.${kind}`);
    this.miniature = part("miniature");
    this.name = part("name");
    this.facts = part("facts");
    this.remarks = part("remarks");
    this.progress = this.element.querySelector("progress");
    this.downloads = part("downloads");
    this.open = part("open");
    this.again = part("again");
    this.cancel = part("cancel");
    this.remove = part("remove");
    this.title = name;
    this.name.textContent = name;
    translate(this.element);
    this.label();
  }

  // What only the name of the recording tells apart.
  label() {
    this.progress.setAttribute("aria-label", t("page.progress_of", { name: this.title }));
    for (const control of [this.open, this.again, this.cancel, this.remove]) {
      control.setAttribute("aria-label", t("page.of_name", { what: t(control.dataset.text), name: this.title }));
    }
  }

  callRemove(what) {
    this.remove.dataset.text = what;
    this.remove.textContent = t(what);
    this.label();
  }

  // Show these controls and no others. A control that is hidden passes its focus on.
  offer(...controls) {
    const held = document.activeElement;
    const all = [this.open, this.again, this.cancel, this.remove];
    for (const control of all) control.hidden = !controls.includes(control);
    if (all.includes(held) && held.hidden) controls[0]?.focus();
  }

  say(facts, state) {
    if (this.facts.textContent !== facts) this.facts.textContent = facts;
    this.element.dataset.state = state;
  }

  // One line each; they seldom change.
  remark(lines) {
    if (this.remarks.childElementCount === lines.length) return;
    this.remarks.replaceChildren(...lines.map((line) => Object.assign(document.createElement("p"), { textContent: line })));
  }

  // Between 0 and 1; null hides the bar.
  setProgress(part) {
    this.progress.hidden = part === null;
    if (part !== null) this.progress.value = part;
  }
}

// A link for each of the `formats` that the server gives.
export function downloadLinks(formats, job) {
  return formats.map(({ name, label }) => {
    const link = document.createElement("a");
    link.href = fileUrl(job.id, name);
    link.textContent = label;
    link.download = ""; // the server names the file
    link.setAttribute("aria-label", t("page.download_of", { label, name: job.name }));
    return link;
  });
}
