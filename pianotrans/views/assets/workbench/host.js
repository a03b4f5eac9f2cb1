// Where edits live: on the server, if the page is shown by the web app, and else in this browser. Both hosts keep the
// document of edits.js with the number of its revision, and refuse one that was made of another revision.

import { checkEdits, editsOf } from "./edits.js";

const GREETING = "pianotrans workbench"; // the web app's page says the same, in web/assets/hosting.js
const PATIENCE_MS = 20_000; // for the answer of the page around this one, which may be any page, or busy
const STORED = "pianotrans edits "; // and the digest of the transcription
const AUTOSAVE_MS = 600; // after the last change
const AGAIN_MS = 3000; // after a failure

// Somebody else has saved in between.
export class Conflict extends Error {}

// The host of a transcription: { digest } is that of its notes.
export async function connectHost({ digest }) {
  const answer = window.parent === window ? null : await greetParent();
  return answer ? new ServerHost(answer.port, answer.formats) : new BrowserHost(digest);
}

function greetParent() {
  return new Promise((resolve) => {
    const end = (answer) => {
      removeEventListener("message", hear);
      clearTimeout(timer);
      resolve(answer);
    };
    const hear = ({ source, data, ports: [port] }) => {
      if (source === window.parent && data?.greeting === GREETING && port) end({ port, formats: data.formats });
    };
    const timer = setTimeout(() => end(null), PATIENCE_MS);
    addEventListener("message", hear);
    window.parent.postMessage({ greeting: GREETING }, "*");
  });
}

// The server, which the page around this frame asks: the frame itself may load nothing.
export class ServerHost {
  constructor(port, formats) {
    this.port = port;
    this.formats = formats; // [{ name, label }]
    this.canRescore = this.keepsRevisions = true;
    this.waiting = new Map(); // what answers are waited for, by number
    this.nAsked = 0;
    this.scored = Promise.resolve(); // the last score that was asked for
    port.onmessage = ({ data }) => this.hear(data);
  }

  // The latest { edits, revision }, or those of a revision; null if nothing was ever saved.
  async load(wanted) {
    const { edits, revision } = await this.ask("load", { revision: wanted });
    return edits === null ? null : { edits, revision };
  }

  // [{ number, saved_at, n_changes }], the latest first.
  async revisions() { return (await this.ask("revisions")).revisions.toReversed(); }

  save(edits, revision) { return this.ask("save", { edits, revision }); } // { revision }

  // { score, pages, remarks, conflicts }. One after the other; null if others were asked for before it was its turn.
  rescore(edits) {
    this.wanted = edits;
    const ask = () => (this.wanted === edits ? this.ask("rescore", { edits }) : null);
    this.scored = this.scored.then(ask, ask);
    return this.scored;
  }

  // A Blob, made for a receiver with these durations; { receiver, durations } as the server takes them.
  file(format, edits, choice) { return this.ask("file", { format, edits, choice }); }

  ask(what, given = {}) {
    this.nAsked += 1;
    const number = this.nAsked;
    return new Promise((resolve, reject) => {
      this.waiting.set(number, { resolve, reject });
      this.port.postMessage({ number, what, ...given });
    });
  }

  hear({ number, value, error }) {
    const { resolve, reject } = this.waiting.get(number);
    this.waiting.delete(number);
    if (!error) resolve(value);
    else reject(error.isConflict ? new Conflict(error.message) : new Error(error.message));
  }
}

// This browser's storage. Where that is refused, as in some frames, edits are kept until the page is closed: then
// `isLasting` is false.
export class BrowserHost {
  constructor(digest) {
    this.name = STORED + digest;
    this.formats = [];
    this.canRescore = this.keepsRevisions = false; // it keeps the latest one alone
    try {
      this.storage = window.localStorage;
      this.isLasting = true;
    } catch {
      this.storage = new TransientStorage();
      this.isLasting = false;
    }
  }

  async load() { return JSON.parse(this.storage.getItem(this.name)); }

  async save(edits, revision) {
    const latest = (await this.load())?.revision ?? 0;
    if (latest !== revision) throw new Conflict(`The latest revision is ${latest}.`);
    this.storage.setItem(this.name, JSON.stringify({ edits, revision: revision + 1 }));
    return { revision: revision + 1 };
  }
}

class TransientStorage {
  constructor() { this.items = new Map(); }

  getItem(name) { return this.items.get(name) ?? null; }
  setItem(name, text) { this.items.set(name, text); }
}

// Saves what is edited, a moment after the last change. `onState` is told { state }: "saving", "saved", "failed" with
// the `message` (it tries again by itself), "conflict" if another window has saved: then `overwrite` keeps what is here,
// and `reload` gives the other window's edits, after which this goes on. Give it the revision that was loaded.
export class Autosave {
  constructor(bench, host, onState, revision = 0) {
    Object.assign(this, { bench, host, onState, revision });
    this.saved = this.latest; // nothing to save until something is changed
    this.isStopped = false; // by a conflict
    this.running = null;
    bench.addEventListener("change", ({ detail }) => {
      if (!detail?.isPreview) this.schedule(AUTOSAVE_MS);
    });
    // Before a page is left, the page around this frame still hears; afterwards only the browser's storage does.
    for (const leaving of ["beforeunload", "pagehide"]) addEventListener(leaving, () => this.flush());
  }

  // The piece, which is no preview, and its edits; as they were saved if it is the same.
  get latest() {
    const { base, history: { piece } } = this.bench;
    if (this.saved?.piece === piece) return this.saved;
    const edits = editsOf(base, piece);
    return { piece, edits, text: JSON.stringify(edits) };
  }

  schedule(delayMs) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), delayMs);
  }

  // Saves now what is not saved yet. One request after the other: each needs the revision of the last.
  async flush() {
    clearTimeout(this.timer);
    if (this.running) {
      await this.running;
      return this.flush();
    }
    const { saved, latest } = this;
    if (this.isStopped || latest.text === saved.text) return undefined;
    this.running = this.save(latest);
    await this.running;
    this.running = null;
    return undefined;
  }

  async save(latest) {
    this.onState({ state: "saving" });
    try {
      ({ revision: this.revision } = await this.host.save(latest.edits, this.revision));
      this.saved = latest;
      this.onState({ state: "saved" });
    } catch (error) {
      this.isStopped = error instanceof Conflict;
      this.onState({ state: this.isStopped ? "conflict" : "failed", message: error.message });
      if (!this.isStopped) this.schedule(AGAIN_MS);
    }
  }

  // What is here becomes the latest revision; the other window's stays among the older ones.
  async overwrite() {
    this.revision = (await this.host.load())?.revision ?? 0;
    this.isStopped = false;
    await this.flush();
  }

  // The other window's edits, for the bench to open.
  async reload(open) {
    const latest = await this.host.load();
    this.revision = latest?.revision ?? 0;
    open(latest?.edits ?? null);
    this.saved = this.latest;
    this.isStopped = false;
    this.onState({ state: "saved" });
  }
}

// Edits as a file: to keep, to pass on, for `pianotrans apply`.
export function editsFile(edits) {
  const stem = edits.transcription.title.replace(/\.[A-Za-z0-9]{1,5}$/, "");
  return new File([JSON.stringify(edits, null, 1)], `${stem}.edits.json`, { type: "application/json" });
}

// The edits in a file. Throws EditsError for anything else.
export async function readEditsFile(file) {
  let edits = null;
  try {
    edits = JSON.parse(await file.text());
  } catch {
    // it is not JSON, and refused below
  }
  checkEdits(edits);
  return edits;
}
