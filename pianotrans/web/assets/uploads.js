// Uploads, one after the other in the order given, each with a row of its own until the server has it. They wait for a
// full queue and for a server that does not answer; a file that is refused for good says why.

import { upload } from "./api.js";
import { Row } from "./row.js";
import { size } from "./shared/format.js";
import { t } from "./shared/texts.js";

const MOST_FAILURES = 6; // in a row, after 1, 2, 4, … seconds: a minute in which the server can be restarted

export class Uploads {
  // `limits` is filled once the server has told them. `onJob` gets the job that an upload has become.
  constructor(list, limits, { onJob, onChange, announce }) {
    Object.assign(this, { list, limits, onJob, onChange, announce });
    this.queue = [];
    this.isRunning = false;
  }

  get isBusy() { return this.isRunning; }

  add(files) {
    for (const file of files) {
      const one = new Upload(file, this);
      this.list.append(one.row.element);
      const limit = this.limits.max_upload_bytes ?? Infinity;
      if (file.size > limit) one.refuse(t("page.too_large", { size: size(file.size), limit: size(limit) }));
      else this.queue.push(one);
    }
    this.onChange();
    this.run();
  }

  async run() {
    if (this.isRunning) return;
    this.isRunning = true;
    while (this.queue.length) await this.queue.shift().run();
    this.isRunning = false;
  }

  retry(one) {
    this.queue.push(one);
    this.run();
  }

  drop(one) {
    this.queue = this.queue.filter((other) => other !== one);
    one.row.element.remove();
    this.onChange();
  }
}

class Upload {
  constructor(file, uploads) {
    Object.assign(this, { file, uploads });
    this.row = new Row(file.name);
    this.row.cancel.addEventListener("click", () => this.cancel());
    this.row.again.addEventListener("click", () => this.wait());
    this.row.remove.addEventListener("click", () => this.uploads.drop(this));
    this.row.callRemove("page.dismiss");
    this.stand();
  }

  stand() {
    this.isCancelled = false;
    this.row.say(t("page.waiting_upload", { size: size(this.file.size) }), "queued");
    this.row.setProgress(null);
    this.row.offer(this.row.cancel);
  }

  wait() {
    this.stand();
    this.uploads.retry(this);
  }

  async run() {
    for (let nFailures = 0; !this.isCancelled;) {
      const { status, job, detail, retryAfterS } = await this.send();
      if (this.isCancelled) return;
      if (status === 201) {
        this.uploads.onJob(job);
        this.uploads.drop(this);
      } else if (status === 429) {
        await this.pause(retryAfterS, "page.queue_full");
        continue;
      } else if (status === 0 && nFailures < MOST_FAILURES) {
        await this.pause(2 ** nFailures, "page.no_answer_in");
        nFailures += 1;
        continue;
      } else {
        this.refuse(status === 0 ? t("page.upload_failed") : detail);
      }
      return;
    }
  }

  send() {
    const show = (part) => {
      this.row.setProgress(part);
      this.row.say(part < 1 ? t("page.uploading", { n: Math.floor(100 * part) }) : t("page.uploaded"), "sending");
    };
    show(0);
    const { answer, stop } = upload(this.file, show);
    this.stop = stop;
    return answer;
  }

  // Counts down in the row, until the time is over or the upload is cancelled.
  pause(seconds, why) {
    this.row.setProgress(null);
    return new Promise((resolve) => {
      let left = Math.ceil(seconds);
      const timer = setInterval(() => tick(), 1000);
      const end = () => {
        clearInterval(timer);
        resolve();
      };
      const tick = () => {
        if (left <= 0) end();
        else this.row.say(t(why, { n: left }), "queued");
        left -= 1;
      };
      this.stop = end;
      tick();
    });
  }

  cancel() {
    this.isCancelled = true;
    this.stop?.();
    this.uploads.drop(this);
    this.uploads.announce(t("page.upload_cancelled", { name: this.file.name }));
  }

  refuse(why) {
    this.row.say(why, "failed");
    this.row.setProgress(null);
    this.row.offer(this.row.again, this.row.remove);
    this.row.again.hidden = this.file.size > (this.uploads.limits.max_upload_bytes ?? Infinity);
    this.uploads.announce(`${this.file.name}: ${why}`);
  }
}
