// The bar for practising: speed, loop, metronome, count-in, hands, following, one's own keyboard.

import { recall, remember } from "../shared/memory.js";
import { t, translate } from "../shared/texts.js";
import { OwnKeyboard } from "./own_keyboard.js";
import { SPEEDS } from "./player.js";

const SPEED_STEP = 0.05;
const HAND_CHOICES = [null, 1, 2]; // both, right, left

export class PracticeBar {
  // `setFollowing(isOn)` says whether roll and score move along with the music.
  constructor({ player, loop, keyboard, setFollowing, hasHands }) {
    Object.assign(this, { player, loop, keyboard, setFollowing });
    this.element = document.createElement("section");
    this.element.className = "controls practice";
    this.element.dataset.label = "listen.practise";
    this.speed = Object.assign(document.createElement("input"), {
      type: "range", min: 100 * SPEEDS.slowest, max: 100 * SPEEDS.fastest, step: 100 * SPEED_STEP, id: "practise-speed",
    });
    this.speedShown = Object.assign(document.createElement("output"), { htmlFor: "practise-speed" });
    this.buttons = {
      loop: this.button("loop", () => this.loop.toggle()),
      metronome: this.button("metronome", () => this.toggleMetronome()),
      countIn: this.button("count-in", () => this.toggleCountIn()),
      follow: this.button("follow", () => this.toggleFollowing()),
      keyboard: this.button("keyboard", () => this.toggleKeyboard()),
    };
    this.region = Object.assign(document.createElement("span"), { className: "region" });
    this.hands = this.handChoice();
    this.word = document.createElement("span");
    this.word.className = "word";
    this.word.setAttribute("role", "status");
    this.hands.hidden = !hasHands;
    this.buttons.keyboard.hidden = !OwnKeyboard.isPossible;
    this.build();
    this.recallSettings();
    this.speed.addEventListener("input", () => player.setSpeed(this.speed.value / 100));
    for (const one of [player, keyboard]) one.addEventListener("change", () => this.show());
    addEventListener("languagechange", () => this.show());
    translate(this.element);
    this.show();
  }

  build() {
    const speed = document.createElement("label");
    speed.append(textOf("speed"), this.speed, this.speedShown);
    const { loop, metronome, countIn, follow, keyboard } = this.buttons;
    const group = (...children) => {
      const one = Object.assign(document.createElement("span"), { className: "group" });
      one.append(...children);
      return one;
    };
    this.element.append(speed, group(loop, this.region), group(metronome, countIn), this.hands, group(follow, keyboard), this.word);
  }

  button(name, act) {
    const one = Object.assign(document.createElement("button"), { type: "button", id: `practise-${name}` });
    one.dataset.text = `listen.${name}`;
    one.dataset.hint = `listen.${name}-hint`;
    one.addEventListener("click", act);
    return one;
  }

  handChoice() {
    const choice = Object.assign(document.createElement("fieldset"), { className: "segments", id: "practise-hands" });
    const legend = textOf("hands");
    legend.className = "unseen";
    choice.append(legend);
    for (const hand of HAND_CHOICES) {
      const label = document.createElement("label");
      const radio = Object.assign(document.createElement("input"), { type: "radio", name: "hands", value: hand ?? "", checked: hand === null });
      label.append(radio, textOf(["both-hands", "right-hand", "left-hand"][hand ?? 0]));
      choice.append(label);
    }
    choice.addEventListener("change", ({ target }) => this.setHand(Number(target.value) || null));
    return choice;
  }

  // Metronome, count-in and following are remembered.
  recallSettings() {
    const { metronome = false, countIn = false, follows = true } = recall("practice", {});
    this.player.setMetronome(metronome);
    this.player.setCountIn(countIn);
    this.follows = follows;
    this.setFollowing(follows);
  }

  keepSettings() {
    const { hasMetronome: metronome, countsIn: countIn } = this.player;
    remember("practice", { metronome, countIn, follows: this.follows });
  }

  show() {
    const { player, buttons } = this;
    const percent = Math.round(100 * player.speed);
    this.speed.value = percent;
    this.speedShown.value = t("listen.percent", { n: percent });
    this.region.textContent = this.loop.describe();
    showPressed(buttons.loop, player.loop !== null);
    showPressed(buttons.metronome, player.hasMetronome);
    showPressed(buttons.countIn, player.countsIn);
    showPressed(buttons.follow, this.follows);
    showPressed(buttons.keyboard, this.keyboard.isOn);
    this.sayKeyboard();
  }

  say(text) { this.word.textContent = text; }

  step(by) { this.player.setSpeed(Math.round((this.player.speed + by * SPEED_STEP) / SPEED_STEP) * SPEED_STEP); }

  toggleMetronome() {
    this.player.setMetronome(!this.player.hasMetronome);
    this.say(this.player.beats.length ? "" : t("listen.no-beats"));
    this.keepSettings();
  }

  toggleCountIn() {
    this.player.setCountIn(!this.player.countsIn);
    this.say(this.player.beats.length > 1 ? "" : t("listen.no-beats"));
    this.keepSettings();
  }

  toggleFollowing() {
    this.follows = !this.follows;
    this.setFollowing(this.follows);
    this.show();
    this.keepSettings();
  }

  setHand(hand) {
    this.player.setHand(hand);
    const isOnPiano = hand !== null && this.player.recording && this.player.fade < 1;
    this.say(isOnPiano ? t("listen.hand-on-piano") : "");
  }

  nextHand() {
    const hand = HAND_CHOICES[(HAND_CHOICES.indexOf(this.player.hand) + 1) % HAND_CHOICES.length];
    this.hands.querySelectorAll("input")[HAND_CHOICES.indexOf(hand)].checked = true;
    this.setHand(hand);
  }

  async toggleKeyboard() {
    if (this.keyboard.isOn) {
      this.keyboard.close();
      this.say("");
      return;
    }
    try {
      await this.keyboard.open();
    } catch (error) {
      this.say(t("listen.keyboard-refused", { reason: error.message }));
    }
  }

  sayKeyboard() {
    if (!this.keyboard.isOn) return;
    const names = this.keyboard.names.join(", ");
    this.say(names ? t("listen.keyboard-there", { names }) : t("listen.keyboard-missing"));
  }

  // For the list of keys.
  get shortcuts() {
    const hasHands = () => !this.hands.hidden;
    return [
      { keys: ["["], text: "listen.slower", run: () => this.step(-1) },
      { keys: ["]"], text: "listen.faster", run: () => this.step(1) },
      { keys: ["l"], text: "listen.loop-key", run: () => this.loop.toggle() },
      { keys: ["m"], text: "listen.metronome", run: () => this.toggleMetronome() },
      { keys: ["Shift+m"], text: "listen.count-in", run: () => this.toggleCountIn() },
      { keys: ["y"], text: "listen.next-hand", run: () => this.nextHand(), when: hasHands },
      { keys: ["w"], text: "listen.follow", run: () => this.toggleFollowing() },
    ];
  }
}

function textOf(name) {
  const one = document.createElement(name === "hands" ? "legend" : "span");
  one.dataset.text = `listen.${name}`;
  return one;
}

const showPressed = (button, isOn) => button.setAttribute("aria-pressed", isOn);
