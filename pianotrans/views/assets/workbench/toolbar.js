// The tools above the roll: one button for each command that has a picture. It is one stop for the Tab key; arrows go on
// from button to button.

import { t } from "../shared/texts.js";
import { SNAPS } from "./editor.js";
import { icon } from "./icons.js";
import { shownKey } from "./help.js";
import { idsOfAll, idsOfHand } from "./selection.js";

const BUTTONS = [
  ["pointer", "pencil", "hand"],
  ["undo", "redo"],
  ["cut", "copy", "paste", "delete"],
  ["split", "join"],
  ["right", "left"],
  ["velocityLane"],
];
const LETTERS = { right: "tools.right-letter", left: "tools.left-letter" };

export class Toolbar {
  constructor(box, editor, commands, openHelp) {
    Object.assign(this, { box, editor, commands });
    this.buttons = new Map();
    for (const names of BUTTONS) {
      const group = box.appendChild(document.createElement("span"));
      group.className = "tool-group";
      for (const name of names) group.append(this.button(name));
    }
    this.snap = box.appendChild(this.choice("tools.snap", SNAPS, (value) => editor.set({ snapTo: value })));
    this.ids = {
      all: () => idsOfAll(editor.bench.kept),
      right: () => idsOfHand(editor.bench.kept, 1),
      left: () => idsOfHand(editor.bench.kept, 2),
      pedals: () => editor.bench.kept.pedals.map((pedal) => pedal.id),
      none: () => [],
    };
    this.chooser = box.appendChild(this.choice("tools.choose", ["", ...Object.keys(this.ids)], (value) => {
      editor.bench.select(this.ids[value]());
      this.chooser.value = "";
    }));
    const help = box.appendChild(document.createElement("button"));
    Object.assign(help, { type: "button", className: "tool", textContent: "?" });
    help.setAttribute("aria-haspopup", "dialog");
    help.addEventListener("click", openHelp);
    this.help = help;
    box.addEventListener("keydown", (event) => this.onKey(event));
    box.addEventListener("focusin", ({ target }) => this.stopAt(target));
    editor.addEventListener("change", () => this.show());
    editor.bench.addEventListener("change", ({ detail }) => detail.isPreview || this.show());
    editor.bench.addEventListener("select", () => this.show());
    addEventListener("languagechange", () => this.write());
    this.write();
    this.stopAt(this.stops[0]);
  }

  get stops() { return [...this.box.querySelectorAll("button, select")]; }

  button(name) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "tool";
    button.dataset.command = name;
    if (!LETTERS[name]) button.append(icon(name));
    button.addEventListener("click", (event) => {
      if (button.getAttribute("aria-disabled") === "true") return;
      this.commands[name].run();
      if (event.detail > 0) this.editor.roll.canvas.focus({ preventScroll: true }); // so that arrows move what is selected
    });
    this.buttons.set(name, button);
    return button;
  }

  choice(name, values, onChoose) {
    const select = document.createElement("select");
    select.dataset.label = name;
    select.dataset.hint = name;
    select.replaceChildren(...values.map((value) => new Option("", value)));
    select.addEventListener("change", () => onChoose(select.value));
    return select;
  }

  // All that is said, in the present language.
  write() {
    for (const [name, button] of this.buttons) {
      if (LETTERS[name]) button.textContent = t(LETTERS[name]);
      button.setAttribute("aria-label", t(this.commands[name].text));
    }
    for (const select of [this.snap, this.chooser]) {
      select.title = t(select.dataset.hint);
      select.setAttribute("aria-label", t(select.dataset.label));
      for (const option of select.options) {
        option.textContent = t(`${select.dataset.label}-${option.value.replace("/", "-") || "what"}`);
      }
    }
    this.help.title = t("tools.help");
    this.help.setAttribute("aria-label", t("tools.help"));
    this.show();
  }

  show() {
    for (const [name, button] of this.buttons) {
      const { isOn, when, text, keys, what } = this.commands[name];
      put(button, "title", `${[t(text), what?.()].filter(Boolean).join(": ")} (${shownKey(keys[0])})`);
      if (isOn) put(button, "aria-pressed", isOn());
      put(button, "aria-disabled", when ? !when() : false); // it keeps the focus, as a disabled button would not
    }
    for (const option of this.snap.options) option.hidden = option.value.startsWith("beats") && !this.editor.hasBeats;
    this.snap.value = this.editor.snapTo;
  }

  stopAt(stop) {
    for (const one of this.stops) one.tabIndex = one === stop ? 0 : -1;
  }

  onKey(event) {
    const { stops } = this;
    const at = stops.indexOf(event.target);
    const places = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: stops.length - 1 };
    if (!(event.key in places) || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    stops[(places[event.key] + stops.length) % stops.length].focus();
  }
}

// A browser styles an element anew even if an attribute stays what it was, and a lasso shows the tools in every frame.
function put(element, name, value) {
  if (element.getAttribute(name) !== `${value}`) element.setAttribute(name, value);
}
