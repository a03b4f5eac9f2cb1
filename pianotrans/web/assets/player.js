// One finished transcription: its report, shut into a frame that can reach nothing of the page.

import { playerUrl } from "./api.js";
import { downloadLinks } from "./row.js";

export class PlayerView {
  constructor(place, bar, downloads) {
    Object.assign(this, { place, bar, downloads });
    this.id = null;
  }

  show(job) {
    if (this.id === job.id) return;
    this.id = job.id;
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-scripts allow-downloads");
    frame.title = `Player: ${job.name}`;
    frame.src = playerUrl(job.id);
    frame.addEventListener("load", () => frame.focus()); // its keys work at once
    this.downloads.replaceChildren(...downloadLinks(job.id, job.name));
    this.place.replaceChildren(frame);
    this.place.hidden = this.bar.hidden = false;
  }

  hide() {
    this.id = null;
    this.place.replaceChildren(); // and so its sound ends
    this.place.hidden = this.bar.hidden = true;
  }
}
