// One finished transcription: its report, in a sandboxed frame that cannot reach the page.

import { playerUrl } from "./api.js";
import { downloadLinks } from "./row.js";
import { spoken, t } from "./shared/texts.js";

export class PlayerView {
  constructor(place, bar, downloads, limits) {
    Object.assign(this, { place, bar, downloads, limits });
    this.id = null;
    addEventListener("languagechange", () => this.address());
  }

  // The frame's address says the language; only that part of it changes, so the frame stays as it is.
  address() {
    const frame = this.place.querySelector("iframe");
    if (frame) frame.src = `${playerUrl(this.id)}#language=${spoken()}`;
  }

  show(job) {
    if (this.id === job.id) return;
    this.id = job.id;
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-scripts allow-downloads");
    frame.title = t("page.player_of", { name: job.name });
    frame.addEventListener("load", () => frame.focus()); // so that its keys work at once
    this.downloads.replaceChildren(...downloadLinks(this.limits.formats, job));
    this.place.replaceChildren(frame);
    this.address();
    this.place.hidden = this.bar.hidden = false;
  }

  hide() {
    this.id = null;
    this.place.replaceChildren(); // which ends its sound
    this.place.hidden = this.bar.hidden = true;
  }
}
