// A sheet that opens over the page, with a heading and a button that closes it.

import { t } from "../shared/texts.js";

export class Overlay {
  constructor(id) {
    this.dialog = document.body.appendChild(document.createElement("dialog"));
    this.dialog.id = id;
    this.dialog.addEventListener("click", ({ target }) => target === this.dialog && this.close()); // beside it
  }

  show(heading, ...content) {
    this.dialog.setAttribute("aria-label", heading);
    this.dialog.replaceChildren(make("div", { className: "sheet" },
      make("header", {},
        make("h2", { textContent: heading }),
        make("button", { type: "button", textContent: t("tools.close"), onclick: () => this.close() })),
      ...content));
    if (!this.dialog.open) this.dialog.showModal();
  }

  close() { this.dialog.close(); }
}

export function make(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}
