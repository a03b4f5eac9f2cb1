// The list of jobs: newest first, each row kept up to date in its place. Older jobs are loaded on demand.

import { cancelJob, deleteJob, getJobs } from "./api.js";
import { paintWhenSeen } from "./miniature.js";
import { Row, downloadLinks } from "./row.js";
import { clock, roughly, sentence } from "./shared/format.js";
import { spoken, t } from "./shared/texts.js";

const PART = 100; // jobs that are loaded at once
const MOST = 10000; // the server gives no more at once

export class JobList {
  constructor(list, limits, { announce, ask, onChange, onTrouble }) {
    Object.assign(this, { list, limits, announce, ask, onChange, onTrouble });
    this.lines = new Map(); // by id
    this.places = new Map(); // in the queue, by id: those of the next jobs
    this.oldest = 0; // jobs with smaller numbers are not loaded, except those that were asked for; 0: there are none
    this.nChanges = 0;
  }

  get(id) { return this.lines.get(id)?.job; }
  get all() { return [...this.lines.values()].map((line) => line.job); }

  get hasMore() { return this.oldest > 0; }

  put(job) {
    this.show(job);
    this.onChange(job.id);
  }

  // News of a job, which concern the list only as far as it is loaded.
  hear(job) {
    if (this.lines.has(job.id) || job.number >= this.oldest) this.put(job);
  }

  show(job) {
    this.nChanges += 1;
    const line = this.lines.get(job.id) ?? this.insert(job);
    line.show(job, this.nChanges);
  }

  // The ids of the next jobs.
  queue(ids) {
    this.places = new Map(ids.map((id, i) => [id, i + 1]));
    for (const line of this.lines.values()) {
      if (line.job.state === "queued") line.say();
    }
  }

  // Everything in another language.
  sayAgain() {
    for (const line of this.lines.values()) {
      line.row.label();
      line.say();
      if (line.job.state === "done") line.link();
    }
  }

  // A job that an upload has become. The stream may have told more about it before this answer came.
  add(job) {
    if (!this.lines.has(job.id)) this.put(job);
  }

  // Before the first that is older, since the newest comes first. Most are older or newer than all others.
  insert(job) {
    const line = new Line(job, this);
    const isOlder = (one) => this.get(one.dataset.id).number < job.number;
    const { firstElementChild: first, lastElementChild: last } = this.list;
    let next = null;
    if (last && isOlder(last)) next = isOlder(first) ? first : [...this.list.children].find(isOlder);
    this.list.insertBefore(line.row.element, next);
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
    if (!this.lines.size && this.hasMore) this.more();
    if (hadFocus) (heir?.querySelector(".actions > :not(span, [hidden])") ?? document.getElementById("choose-files")).focus();
  }

  // Agree with the server's list after a time without news. What changes while the server is asked is newer than its
  // answer.
  async agree() {
    const { nChanges } = this;
    const { jobs, next } = await getJobs(Math.min(MOST, Math.max(PART, this.lines.size)));
    this.oldest = next ?? 0;
    const there = new Set(jobs.map((job) => job.id));
    for (const [id, line] of this.lines) {
      if (!there.has(id) && line.change <= nChanges && line.job.number >= this.oldest) this.drop(id);
    }
    for (const job of jobs) {
      if ((this.lines.get(job.id)?.change ?? 0) <= nChanges) this.show(job);
    }
    this.onChange();
  }

  // Load older jobs.
  more() {
    return this.attempt(async () => {
      const { nChanges } = this;
      const { jobs, next } = await getJobs(PART, this.oldest);
      this.oldest = next ?? 0;
      for (const job of jobs) {
        if ((this.lines.get(job.id)?.change ?? 0) <= nChanges) this.show(job);
      }
      this.onChange();
    });
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
      this.announce(t("page.deleted", { name: job.name }));
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
    this.say();
    row.remark(job.remarks.map(sentence));
    row.setProgress(job.state === "running" ? job.done_s / (job.duration_s || Infinity) : null);
    if (job.state === before) return;
    const isOver = !["queued", "running"].includes(job.state);
    if (job.state === "done") {
      this.link();
      row.offer(row.open, row.remove);
      paintWhenSeen(row.miniature, job);
    } else {
      row.offer(isOver ? row.remove : row.cancel);
    }
    if (before && isOver) this.jobs.announce([`${job.name}: ${this.facts()}`, ...job.remarks].join(". "));
  }

  link() { this.row.downloads.replaceChildren(...downloadLinks(this.jobs.limits.formats, this.job)); }

  say() { this.row.say(this.facts(), this.job.state); }

  facts() {
    const { job } = this;
    const length = job.duration_s === null ? [] : [clock(job.duration_s)];
    switch (job.state) {
      case "queued":
        return [this.place(), ...length].join(" · ");
      case "running":
        return [t("page.transcribing"), ...this.progressWords()].join(" · ");
      case "done":
        return [...length, t("words.notes", { n: job.n_notes }), t("words.pedals", { n: job.n_pedals }), when(job.created_at)].join(" · ");
      case "cancelled":
        return t("page.cancelled");
      default:
        return sentence((job.error ?? "failed").replace(`${job.name}: `, "")); // the name stands above
    }
  }

  place() {
    const place = this.jobs.places.get(this.job.id);
    if (!place) return t("page.queued");
    return place > 1 ? t("page.queued_number", { n: place }) : t("page.queued_next");
  }

  progressWords() {
    const { duration_s: durationS, done_s: doneS } = this.job;
    if (!durationS) return [];
    const words = [t("page.done_of", { done: clock(doneS), all: clock(durationS) })];
    const sinceS = doneS - this.began.doneS;
    if (sinceS > 0) {
      const leftS = ((durationS - doneS) * (Date.now() - this.began.ms)) / 1000 / sinceS;
      words.push(t("page.left", { time: roughly(leftS) }));
    }
    return words;
  }
}

const when = (iso) => new Date(iso).toLocaleString(spoken(), { dateStyle: "medium", timeStyle: "short" });
