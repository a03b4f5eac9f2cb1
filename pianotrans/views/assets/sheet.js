// The engraved score: its pages below each other. What sounds is marked, and stays in view; a click leads to its time.

import { bytesOf } from "./shared/base64.js";
import { heldNotes, longestOf } from "./shared/performance.js";
import { t } from "./shared/texts.js";
import { difference } from "./workbench/history.js";

const NEAR_PX = 14; // a click this far from a note still means it
const NARROWEST_PX = 280;
const WIDEST_PX = 4000;

async function unpack(base64) {
  const packed = new Blob([bytesOf(base64)]).stream().pipeThrough(new DecompressionStream("gzip"));
  const text = await new Response(packed).text();
  return new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
}

export class Sheet {
  // A written note has the number of the first performed one; `ornaments` lists all, where there are several. A click
  // calls `onChoose` with a time, and with a note where one was meant.
  constructor(box, ornaments, song, bars, onChoose) {
    Object.assign(this, { box, bars, onChoose });
    this.read(ornaments, song.notes, ({ index }) => index);
    this.pages = box.appendChild(document.createElement("div"));
    this.pages.className = "pages";
    this.notes = []; // that are shown
    this.lit = new Set();
    this.follows = true; // what sounds stays in view
    this.show(song);
    box.addEventListener("click", (event) => this.onClick(event));
  }

  // `notes` are the performed ones in the order of their numbers, which `numberOf` gives, too.
  read(ornaments, notes, numberOf) {
    this.ornaments = new Map(ornaments.map((performed) => [performed[0], performed]));
    this.performed = notes;
    this.groupsOf = (note) => this.groups.get(numberOf(note)) ?? [];
    this.groups = new Map(); // by number
  }

  // The score of an edited piece, whose bars are those of `bars` now. Before anybody has seen one, it waits as well.
  async replace(base64, ornaments, notes) {
    await this.opening;
    const numbers = new Map(notes.map(({ id }, number) => [id, number]));
    this.read(ornaments, notes, ({ id }) => numbers.get(id));
    if (this.opening) await (this.opening = this.unpackPages(base64));
  }

  // Puts the pages into place. They are large, so it waits until somebody wants to see them.
  open(base64) {
    this.opening ??= this.unpackPages(base64);
    return this.opening;
  }

  async unpackPages(base64) {
    const score = document.importNode(await unpack(base64), true);
    this.lit = new Set();
    this.ground = null;
    const glyphs = document.createElementNS(score.namespaceURI, "svg");
    glyphs.setAttribute("class", "unseen");
    glyphs.setAttribute("aria-hidden", "true");
    glyphs.append(score.querySelector("defs"));
    const pages = [...score.children].filter((child) => child.localName === "svg");
    pages.forEach((page, i) => {
      page.setAttribute("role", "img");
      page.setAttribute("aria-label", t("report.page_label", { i: i + 1, n: pages.length }));
    });
    this.pages.replaceChildren(glyphs, ...pages);
    for (const group of this.pages.querySelectorAll("[data-note]")) {
      const first = Number(group.dataset.note);
      for (const index of this.ornaments.get(first) ?? [first]) {
        this.groups.set(index, [...(this.groups.get(index) ?? []), group]);
      }
    }
    this.nShown = new Map([...this.groups.values()].flat().map((group) => [group, 0]));
    this.grounds = this.bars.list.map((bar) => this.pages.querySelector(`[data-bar="${bar.index}"] > .bar`));
    for (const bar of this.bars.list) this.grounds[bar.index]?.classList.toggle("doubtful", bar.isDoubtful);
    for (const group of this.nShown.keys()) group.classList.add("pale");
    this.count(this.notes, 1);
  }

  // Notes that are not among these get paler.
  show({ notes }) {
    const changes = difference(this.notes, notes);
    this.notes = notes;
    this.longestS = longestOf(notes);
    if (changes === null) return;
    this.count(changes.after, 1);
    this.count(changes.before, -1);
  }

  // So many more of a group's notes are shown. It is pale while none of them is.
  count(notes, by) {
    for (const group of notes.flatMap(this.groupsOf)) {
      const n = this.nShown.get(group) + by;
      this.nShown.set(group, n);
      group.classList.toggle("pale", n === 0);
    }
  }

  // Marks what sounds at a time and its bar, and brings the system of a new bar into view.
  moveTo(nowS) {
    if (!this.grounds) return;
    const held = heldNotes(this.notes, nowS, this.longestS);
    const lit = new Set(held.flatMap(this.groupsOf));
    for (const group of this.lit) if (!lit.has(group)) group.classList.remove("sounding");
    for (const group of lit) group.classList.add("sounding");
    this.lit = lit;
    const ground = this.grounds[this.bars.at(nowS)?.index] ?? null;
    if (ground === this.ground) return;
    this.ground?.classList.remove("present");
    ground?.classList.add("present");
    this.ground = ground;
    if (ground && this.follows) this.bringIntoView(ground);
  }

  bringIntoView(ground) {
    const box = this.box.getBoundingClientRect();
    const system = (ground.closest(".system") ?? ground).getBoundingClientRect();
    const bar = ground.getBoundingClientRect();
    const isSeen = system.top >= box.top && system.bottom <= box.bottom;
    const isBeside = bar.left < box.left || bar.right > box.right;
    if (isSeen && !isBeside) return;
    const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
    const top = this.box.scrollTop + (isSeen ? 0 : system.top - box.top - 0.04 * box.height);
    const left = this.box.scrollLeft + (isBeside ? bar.left - box.left - 0.1 * box.width : 0);
    this.box.scrollTo({ top, left, behavior });
  }

  zoom(factor) {
    const widthPx = Math.min(Math.max(this.pages.clientWidth / factor, NARROWEST_PX), WIDEST_PX);
    const part = (this.box.scrollTop + this.box.clientHeight / 2) / this.box.scrollHeight; // stays in the middle
    this.pages.style.width = `${widthPx}px`;
    this.box.scrollTop = part * this.box.scrollHeight - this.box.clientHeight / 2;
  }

  fit() { this.pages.style.width = ""; }

  onClick(event) {
    const measure = event.target.closest("[data-bar]");
    const group = event.target.closest("[data-note]") ?? (measure && this.nearest(measure, event));
    const note = group && this.performed[group.dataset.note];
    const bar = measure && this.bars.list[measure.dataset.bar];
    if (note) this.onChoose(note.onset, note);
    else if (bar) this.onChoose(bar.onset, null);
  }

  nearest(measure, { clientX, clientY }) {
    const distance = (group) => {
      const { left, right, top, bottom } = group.getBoundingClientRect();
      return Math.hypot(Math.max(left - clientX, 0, clientX - right), Math.max(top - clientY, 0, clientY - bottom));
    };
    const near = [...measure.querySelectorAll("[data-note]")]
      .map((group) => [distance(group), group]).filter(([px]) => px <= NEAR_PX);
    return near.length ? near.reduce((a, b) => (b[0] < a[0] ? b : a))[1] : null;
  }
}
