// Keeps what is edited: opens what was saved, saves what is changed, and says so in a line of its own.

import { t } from "../shared/texts.js";
import { applyEdits } from "./edits.js";
import { Autosave, connectHost } from "./host.js";

// { host, autosave }, once what it keeps is on the bench; nothing is saved where that could not be opened. What another
// program or another window has saved is not overwritten.
export async function keepEdits(bench, place) {
  const line = new StateLine(place);
  const host = await connectHost(bench.base.origin);
  let autosave = null;
  const open = (edits) => bench.open(edits === null ? bench.base : applyEdits(bench.base, edits).piece);
  try {
    const kept = await host.load();
    const isUntouched = !bench.canUndo; // else the first save finds out that there is something
    if (kept && isUntouched) open(kept.edits);
    autosave = new Autosave(bench, host, (news) => line.show(news, host, autosave, open), isUntouched ? kept?.revision ?? 0 : 0);
    if (!isUntouched) autosave.flush();
    else if (kept) line.show({ state: "saved" }, host);
  } catch (error) {
    line.show({ state: "unread", message: error.message }, host);
  }
  return { host, autosave };
}

class StateLine {
  constructor(place) {
    this.element = document.createElement("p");
    this.element.id = "keeping";
    this.element.setAttribute("role", "status");
    place.append(this.element);
    addEventListener("languagechange", () => this.say());
  }

  show(news, host, autosave, open) {
    Object.assign(this, { news, host, autosave, open });
    this.element.dataset.state = news.state;
    this.say();
  }

  say() {
    if (!this.news) return;
    this.element.textContent = this.text();
    if (this.news.state !== "conflict") return;
    this.offer("host.reload", () => this.autosave.reload(this.open));
    this.offer("host.overwrite", () => this.autosave.overwrite());
  }

  text() {
    const { state, message } = this.news;
    if (state === "failed" || state === "unread") return t(`host.${state}`, { message });
    if (state !== "saved") return t(`host.${state}`);
    if (this.host.canRescore) return t("host.saved");
    return t(this.host.isLasting ? "host.saved_here" : "host.not_lasting");
  }

  offer(name, action) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = t(name);
    button.addEventListener("click", () => action().catch(({ message }) => this.show({ ...this.news, state: "failed", message }, this.host)));
    this.element.append(" ", button);
  }
}
