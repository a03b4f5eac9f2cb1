// The help sheet: all keys, in groups, and what the mouse and fingers do.

import { t } from "../shared/texts.js";
import { Overlay, make } from "./overlay.js";

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform);
const SIGNS = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", "-": "−" };
const NAMED = [" ", "Delete", "Backspace", "Escape", "Home", "End", "PageUp", "PageDown", "Shift", "Ctrl"];
const GESTURES = ["click", "shift", "drag", "edge", "ctrl", "alt", "ground", "double", "key", "wheel", "wheel-shift", "middle", "space", "fingers"];

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
    this.overlay = new Overlay("help-sheet");
    shortcuts.add("tools.group-view", [{ keys: ["?"], text: "tools.help", run: () => this.open() }]);
  }

  open() {
    this.overlay.show(t("tools.help"), make("div", { className: "groups" },
      ...[...this.shortcuts.groups].map(([group, shortcuts]) => this.group(t(group), shortcuts.map((one) =>
        [one.keys.map(shownKeys), t(one.text)]))),
      this.group(t("tools.group-pointer"), GESTURES.map((name) =>
        [[t(`tools.pointer-${name}`)], t(`tools.pointer-${name}-does`)]))));
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
