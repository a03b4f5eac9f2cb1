// The help sheet: all keys, in groups, and what the mouse and fingers do.

import { t } from "../shared/texts.js";

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform);
const SIGNS = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", "-": "−" };
const NAMED = [" ", "Delete", "Backspace", "Escape", "Home", "End", "Shift", "Ctrl"];
const GESTURES = ["click", "shift", "drag", "edge", "ctrl", "alt", "ground", "double", "key", "wheel", "middle", "fingers"];

// "Ctrl+Shift+z" as it is printed on keyboards: "Ctrl Shift Z", or with the signs of a Mac.
export const shownKey = (name) => partsOf(name).join(" + ");

function partsOf(name) {
  const parts = name === "+" ? ["+"] : name.split("+");
  return parts.map((part) => {
    if (IS_MAC && part === "Ctrl") return "⌘";
    if (IS_MAC && part === "Alt") return "⌥";
    if (NAMED.includes(part)) return t(`tools.key-${part === " " ? "space" : part.toLowerCase()}`);
    return SIGNS[part] ?? (part.length === 1 ? part.toUpperCase() : part);
  });
}

export class HelpSheet {
  constructor(shortcuts) {
    this.shortcuts = shortcuts;
    this.dialog = document.body.appendChild(document.createElement("dialog"));
    this.dialog.id = "help-sheet";
    this.dialog.setAttribute("aria-labelledby", "help-heading");
    this.dialog.addEventListener("click", ({ target }) => target === this.dialog && this.dialog.close()); // beside it
    shortcuts.add("tools.group-view", [{ keys: ["?"], text: "tools.help", run: () => this.open() }]);
  }

  open() {
    const sheet = make("div", { className: "sheet" },
      make("header", {},
        make("h2", { id: "help-heading", textContent: t("tools.help") }),
        make("button", { type: "button", textContent: t("tools.close"), onclick: () => this.dialog.close() })),
      make("div", { className: "groups" },
        ...[...this.shortcuts.groups].map(([group, shortcuts]) => this.group(t(group), shortcuts.map((one) =>
          [one.keys.map(shownKeys), t(one.text)]))),
        this.group(t("tools.group-pointer"), GESTURES.map((name) =>
          [[t(`tools.pointer-${name}`)], t(`tools.pointer-${name}-does`)]))));
    this.dialog.replaceChildren(sheet);
    this.dialog.showModal();
  }

  group(heading, rows) {
    const list = make("dl", {});
    for (const [causes, effect] of rows) {
      list.append(make("div", {}, make("dt", {}, ...causes), make("dd", { textContent: effect })));
    }
    return make("section", {}, make("h3", { textContent: heading }), list);
  }
}

const shownKeys = (name) =>
  make("span", { className: "keys" }, ...partsOf(name).map((part) => make("kbd", { textContent: part })));

function make(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}
