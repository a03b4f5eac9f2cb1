// The list of jobs: newest first, each row kept up to date in its place.

import { cancelJob, deleteJob } from "./api.js";
import { paintWhenSeen } from "./miniature.js";
import { Row, downloadLinks } from "./row.js";
import { clock, plural, roughly, sentence } from "./shared/format.js";

export class JobList {
  constructor(list, limits, { announce, ask, onChange, onTrouble }) {
    Object.assign(this, { list, limits, announce, ask, onChange, onTrouble });
    this.lines = new Map(); // by id
    this.nChanges = 0;
  }

  get(id) { return this.lines.get(id)?.job; }
  get all() { return [...this.lines.values()].map((line) => line.job); }

  put(job) {
    this.nChanges += 1;
    const line = this.lines.get(job.id) ?? this.insert(job);
    line.show(job, this.nChanges);
    this.onChange(job.id);
  }

  // A job that an upload has become. The stream may have told more about it before this answer came.
  add(job) {
    if (!this.lines.has(job.id)) this.put(job);
  }

  // Before the first that is older, since the newest comes first.
  insert(job) {
    const line = new Line(job, this);
    const next = [...this.list.children].find((one) => this.get(one.dataset.id).created_at < job.created_at);
    this.list.insertBefore(line.row.element, next ?? null);
    this.lines.set(job.id, line);
    return line;
  }

  drop(id) {
    const line = this.lines.get(id);
    if (!line) return;
    const { element } = line.row;
    const heir = element.nextElementSibling ?? element.previousElementSibling;
    const hadFocus = element.contains(document.activeElement);
    element.remove();
    this.lines.delete(id);
    this.onChange(id);
    if (hadFocus) (heir?.querySelector(".actions > :not(span, [hidden])") ?? document.getElementById("choose-files")).focus();
  }

  // Agree with the server's list after a time without news. What has changed since the list was asked for, when
  // `nChanges` was as given, is newer than the list.
  agree(jobs, nChanges) {
    const there = new Set(jobs.map((job) => job.id));
    for (const [id, line] of this.lines) {
      if (!there.has(id) && line.change <= nChanges) this.drop(id);
    }
    for (const job of jobs) {
      if ((this.lines.get(job.id)?.change ?? 0) <= nChanges) this.put(job);
    }
  }

  async attempt(action) {
    try {
      await action();
    } catch (error) {
      this.onTrouble(error.message);
    }
  }

  cancel(id) {
    return this.attempt(() => cancelJob(id)); // the stream tells what comes of it
  }

  async remove(job) {
    if (!(await this.ask(job))) return;
    await this.attempt(async () => {
      await deleteJob(job.id).catch((error) => {
        if (error.status !== 404) throw error; // another tab was faster
      });
      this.drop(job.id);
      this.announce(`${job.name}: deleted`);
    });
  }
}

class Line {
  constructor(job, jobs) {
    this.jobs = jobs;
    this.row = new Row(job.name);
    this.row.element.dataset.id = job.id;
    this.row.cancel.addEventListener("click", () => jobs.cancel(job.id));
    this.row.remove.addEventListener("click", () => jobs.remove(this.job));
    this.row.open.href = `#${job.id}`;
  }

  show(job, change) {
    const before = this.job?.state;
    this.job = job;
    this.change = change;
    const { row } = this;
    if (job.state === "running" && before !== "running") this.began = { ms: Date.now(), doneS: job.done_s };
    row.say(this.facts(), job.state);
    row.setProgress(job.state === "running" ? job.done_s / (job.duration_s || Infinity) : null);
    if (job.state === before) return;
    const isOver = !["queued", "running"].includes(job.state);
    if (job.state === "done") {
      row.downloads.replaceChildren(...downloadLinks(this.jobs.limits.formats, job));
      row.offer(row.open, row.remove);
      paintWhenSeen(row.miniature, job);
    } else {
      row.offer(isOver ? row.remove : row.cancel);
    }
    if (before && isOver) this.jobs.announce(`${job.name}: ${this.facts()}`);
  }

  facts() {
    const { job } = this;
    const length = job.duration_s === null ? [] : [clock(job.duration_s)];
    switch (job.state) {
      case "queued":
        return [job.position > 1 ? `Queued, number ${job.position}` : "Queued, next", ...length].join(" · ");
      case "running":
        return ["Transcribing", ...this.progressWords()].join(" · ");
      case "done":
        return [...length, plural(job.n_notes, "note"), plural(job.n_pedals, "pedal press", "pedal presses"), when(job.created_at)].join(" · ");
      case "cancelled":
        return "Cancelled";
      default:
        return sentence((job.error ?? "failed").replace(`${job.name}: `, "")); // the name stands above
    }
  }

  progressWords() {
    const { duration_s: durationS, done_s: doneS } = this.job;
    if (!durationS) return [];
    const words = [`${clock(doneS)} of ${clock(durationS)}`];
    const sinceS = doneS - this.began.doneS;
    if (sinceS > 0) words.push(`${roughly(((durationS - doneS) * (Date.now() - this.began.ms)) / 1000 / sinceS)} left`);
    return words;
  }
}

const when = (iso) => new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
