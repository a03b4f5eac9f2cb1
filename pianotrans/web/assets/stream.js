// News of the jobs, as long as the page is in view. A browser opens at most six connections to a server, for all its
// tabs together, so a hidden page closes its own.

const AGAIN_MS = 2000;

export class Stream {
  // Calls `onOpen` for every new connection (news may have been missed before it) and `onLost` for every lost one.
  constructor({ onJob, onDeleted, onQueue, onProblem, onOpen, onLost }) {
    Object.assign(this, { onJob, onDeleted, onQueue, onProblem, onOpen, onLost });
    document.addEventListener("visibilitychange", () => (document.hidden ? this.close() : this.open()));
    addEventListener("pagehide", () => this.close());
    addEventListener("pageshow", () => this.open());
    this.open();
  }

  open() {
    if (this.source || document.hidden) return;
    const source = new EventSource("/api/events");
    this.source = source;
    source.addEventListener("open", () => this.onOpen());
    source.addEventListener("job", (event) => this.onJob(JSON.parse(event.data)));
    source.addEventListener("deleted", (event) => this.onDeleted(JSON.parse(event.data).id));
    source.addEventListener("queue", (event) => this.onQueue(JSON.parse(event.data)));
    source.addEventListener("problem", (event) => this.onProblem(JSON.parse(event.data).problem));
    source.addEventListener("error", () => {
      this.onLost();
      this.close();
      this.timer = setTimeout(() => this.open(), AGAIN_MS);
    });
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }
}
