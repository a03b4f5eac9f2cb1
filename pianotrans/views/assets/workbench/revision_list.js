// The revisions of the edits that the host keeps: a list, and a button that opens one of them again.

import { spoken, t } from "../shared/texts.js";
import { Overlay, make } from "./overlay.js";

export class RevisionList {
  // `open(edits, name)` makes a revision the present piece, `attempt` runs what may fail, and tells it.
  constructor({ host, autosave, open, attempt }) {
    Object.assign(this, { host, autosave, open, attempt });
    this.overlay = new Overlay("revisions");
  }

  // What is edited is saved before, so the present piece is one of them, unless another window came first.
  async show() {
    await this.autosave.flush();
    const rows = (await this.host.revisions()).map((one) => this.row(one));
    const list = rows.length ? make("ol", {}, ...rows) : make("p", { textContent: t("host.no_revisions") });
    this.overlay.show(t("host.revisions"), list);
  }

  row({ number, saved_at: savedAt, n_changes: n }) {
    const isCurrent = number === this.autosave.revision;
    const when = new Date(savedAt).toLocaleString(spoken(), { dateStyle: "medium", timeStyle: "medium" });
    const row = make("li", {},
      make("time", { dateTime: savedAt, textContent: when }),
      make("span", { className: "quiet", textContent: n === null ? "" : t("host.changes", { n }) }),
      isCurrent
        ? make("span", { textContent: t("host.current_revision") })
        : make("button", { type: "button", textContent: t("host.open_revision"), ariaLabel: t("host.open_revision_of", { when }),
          onclick: () => this.attempt(() => this.choose(number, when)) }));
    if (isCurrent) row.setAttribute("aria-current", "true");
    return row;
  }

  async choose(number, when) {
    this.overlay.close();
    const { edits } = await this.host.load(number);
    this.open(edits, t("host.revision_of", { when }));
  }
}
