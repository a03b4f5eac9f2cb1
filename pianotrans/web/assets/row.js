// A line of the list, of an upload as of a job: made from the page's template. Names enter by textContent alone.

import { FORMATS, fileUrl } from "./api.js";

export class Row {
  constructor(name) {
    this.element = document.getElementById("row").content.firstElementChild.cloneNode(true);
    const part = (kind) => this.element.querySelector(`.${kind}`);
    this.miniature = part("miniature");
    this.name = part("name");
    this.facts = part("facts");
    this.progress = this.element.querySelector("progress");
    this.downloads = part("downloads");
    this.open = part("open");
    this.again = part("again");
    this.cancel = part("cancel");
    this.remove = part("remove");
    this.title = name;
    this.name.textContent = name;
    this.progress.setAttribute("aria-label", `Progress of ${name}`);
    for (const [what, control] of [["Open", this.open], ["Try again", this.again], ["Cancel", this.cancel]]) {
      control.setAttribute("aria-label", `${what}: ${name}`);
    }
    this.callRemove("Delete");
  }

  callRemove(what) {
    this.remove.textContent = what;
    this.remove.setAttribute("aria-label", `${what}: ${this.title}`);
  }

  // Show some of the controls. One that had the focus and goes hands it to what is left.
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

  // Between 0 and 1; null: not to be seen.
  setProgress(part) {
    this.progress.hidden = part === null;
    if (part !== null) this.progress.value = part;
  }
}

export function downloadLinks(id, name) {
  return FORMATS.map(([format, label]) => {
    const link = document.createElement("a");
    link.href = fileUrl(id, format);
    link.textContent = label;
    link.download = ""; // the server says under which name
    link.setAttribute("aria-label", `Download ${label}: ${name}`);
    return link;
  });
}
