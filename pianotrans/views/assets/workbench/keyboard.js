// What keys do. Each part of the page adds its own, with the words under which they stand in the help sheet.

const IS_LETTER = /^\p{L}$/u;
const PRESSES = [" ", "Enter"]; // what a button or a link takes for itself

// A press as a name: "a", "?", "ArrowUp", "Shift+a", "Ctrl+Shift+z", "Alt+ArrowUp". Ctrl stands for Command, too. Shift is
// named where it is no part of the character: on some keyboards "?" needs it, on others not.
export function keyNameOf(event) {
  const isCharacter = event.key.length === 1 && !IS_LETTER.test(event.key);
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return [
    (event.ctrlKey || event.metaKey) && "Ctrl",
    event.altKey && "Alt",
    event.shiftKey && (!isCharacter || event.key === " ") && "Shift",
    key,
  ].filter(Boolean).join("+");
}

export class Shortcuts extends EventTarget {
  constructor(target = document) {
    super();
    this.groups = new Map(); // of shortcuts, by heading
    this.held = null; // { key, run }: a key that is down, and what it does when it is released
    target.addEventListener("keydown", (event) => this.onKey(event));
    target.addEventListener("keyup", (event) => this.onRelease(event));
    addEventListener("blur", () => this.hold(null));
  }

  // A shortcut is { keys: ["Ctrl+z"], text, run(event), when(), isOnRelease }: it is there while `when` says so. Of several
  // for one key the last that is there has it.
  add(group, shortcuts) {
    this.groups.set(group, [...(this.groups.get(group) ?? []), ...shortcuts]);
  }

  onKey(event) {
    if (event.defaultPrevented || event.isComposing || this.isForTarget(event)) return;
    const name = keyNameOf(event);
    const shortcut = [...this.groups.values()].flat().findLast(({ keys, when }) => keys.includes(name) && (when?.() ?? true));
    if (!shortcut) return;
    event.preventDefault();
    if (!shortcut.isOnRelease) shortcut.run(event);
    else if (!event.repeat) this.hold({ key: event.key, run: shortcut.run });
  }

  onRelease(event) {
    if (event.key !== this.held?.key) return;
    const { run } = this.held;
    this.hold(null);
    run?.(event);
  }

  // Tells "hold" when a key that waits for its release goes down or up.
  hold(held) {
    this.held = held;
    this.dispatchEvent(new Event("hold"));
  }

  isHeld(key) { return this.held?.key === key; }

  // Whether a key is held. If so, it means what is done meanwhile, and nothing more when it is released.
  takeHeld(key) {
    if (this.isHeld(key)) this.held.run = null;
    return this.isHeld(key);
  }

  // Sliders and choices take keys, but none with Ctrl: Undo works there, too.
  isForTarget({ target, key, ctrlKey, metaKey }) {
    if (target.closest("dialog, textarea, input:not([type=range], [type=radio])")) return true;
    if (target.closest("select, input")) return !ctrlKey && !metaKey;
    return PRESSES.includes(key) && target.closest("button, a, summary");
  }
}
