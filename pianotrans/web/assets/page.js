// The page: its elements, and what each does.

import { archiveUrl, getJob, getJobs, getLimits } from "./api.js";
import { chosen, dropped } from "./choosing.js";
import { JobList } from "./jobs.js";
import { LiveView } from "./live.js";
import { PlayerView } from "./player.js";
import { RecordingPanel } from "./recording.js";
import { size, span } from "./shared/format.js";
import { offerLanguages, t } from "./shared/texts.js";
import { Stream } from "./stream.js";
import { Uploads } from "./uploads.js";

const AGAIN_MS = 2000;

const element = (id) => document.getElementById(id);
const limits = { suffixes: [], formats: [] }; // filled once the server has told them
let isKnown = false; // whether the server's list of jobs has been read
let sought = ""; // the job of the address, while the server is asked for it

function announce(text) { element("live").textContent = text; }

function notice(id, text) {
  element(id).textContent = text;
  element(id).hidden = !text;
}

function take({ files, nSkipped }) {
  const skipped = nSkipped ? t("page.skipped", { n: nSkipped }) : "";
  notice("trouble", files.length || nSkipped ? skipped : t("page.none_found"));
  if (files.length) {
    location.hash = "";
    uploads.add(files);
    announce(t("page.to_upload", { n: files.length }));
  }
}

// A large drop zone while the list is empty, a small one above it otherwise.
function arrange() {
  const hasRows = jobs.hasMore || !!document.querySelector(".rows li");
  element("work").hidden = !hasRows;
  document.body.classList.toggle("at-work", hasRows);
  element("archive").hidden = !jobs.hasMore && !jobs.all.some((job) => job.state === "done");
  element("more").hidden = !jobs.hasMore;
}

function route() {
  const id = location.hash.slice(1);
  const job = jobs.get(id);
  if (id && !job) {
    if (isKnown) seek(id);
    return;
  }
  const leaving = openId();
  if (job?.state !== "running") live.hide();
  if (job?.state === "done") player.show(job);
  else player.hide();
  if (job?.state === "running") live.show(job);
  element("desk").hidden = openId() !== null;
  document.body.classList.toggle("playing", openId() !== null);
  document.title = openId() === null ? "pianotrans" : `${job.name} – pianotrans`;
  if (leaving && openId() === null) (document.querySelector(`[data-id="${CSS.escape(leaving)}"] .open`) ?? element("work-title")).focus();
}

// The job of an address may be older than those that are loaded.
async function seek(id) {
  if (sought === id) return;
  sought = id;
  try {
    jobs.put(await getJob(id));
  } catch {
    if (location.hash.slice(1) === id) location.hash = "";
  } finally {
    sought = "";
  }
}

function ask(job) {
  element("sure-question").textContent = t("page.sure", { name: job.name });
  const dialog = element("sure");
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

function showLimits() {
  const isHere = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
  const most = t("page.limits", { size: size(limits.max_upload_bytes), span: span(limits.max_duration_s) });
  element("limits").textContent = isHere ? `${most} ${t("page.stays_here")}` : most;
}

async function agree() {
  try {
    await jobs.agree();
  } catch {
    return; // the stream reports the loss and connects again
  }
  isKnown = true;
  notice("lost", "");
  route();
}

function explain(error) {
  const isShut = error.status === 401 || error.status === 403;
  notice("lost", isShut ? error.message : t("page.no_answer_again"));
}

// The limits come before the jobs: they tell which files a job offers.
async function begin() {
  try {
    Object.assign(limits, await getLimits());
  } catch (error) {
    explain(error);
    setTimeout(begin, AGAIN_MS);
    return;
  }
  showLimits();
  offerFormats();
  new Stream({
    onJob: (job) => jobs.hear(job),
    onDeleted: (id) => jobs.drop(id),
    onQueue: ({ ids }) => jobs.queue(ids),
    onProblem: (problem) => notice("problem", problem ?? ""),
    onOpen: agree,
    onLost: () => getJobs(1).catch(explain),
  });
}

const jobs = new JobList(element("jobs"), limits, {
  announce,
  ask,
  onChange: (id) => {
    arrange();
    if (!id || ![location.hash.slice(1), openId()].includes(id)) return;
    if (jobs.get(id)) route();
    else location.hash = ""; // it has been deleted
  },
  onTrouble: (text) => notice("trouble", text),
});
const uploads = new Uploads(element("uploads"), limits, { announce, onChange: arrange, onJob: (job) => jobs.add(job) });
const player = new PlayerView(element("player"), element("player-bar"), element("player-downloads"), limits);
const live = new LiveView(element("player"), element("player-bar"));
const openId = () => player.id ?? live.id; // of the job that is shown instead of the list
const panelElements = {
  panel: element("recording"), clock: element("recording-clock"), level: element("level"),
  roll: element("preview"), words: element("preview-words"),
  stop: element("stop"), discard: element("discard"),
};
const recording = new RecordingPanel(panelElements, limits, {
  announce,
  onFile: (file) => take({ files: [file], nSkipped: 0 }),
  onStart: () => {
    notice("trouble", "");
    element("zone").hidden = true;
  },
  onEnd: () => {
    element("zone").hidden = false;
    element("record").focus();
  },
  onTrouble: (text) => notice("trouble", text),
});

// Files: dropped anywhere on the page, or chosen.
const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
let nInside = 0; // a drag enters and leaves each element on its way
function drag(event, change) {
  if (!hasFiles(event)) return;
  event.preventDefault();
  nInside = change === null ? 0 : nInside + change;
  document.body.classList.toggle("dragging", nInside > 0);
}
addEventListener("dragenter", (event) => drag(event, 1));
addEventListener("dragleave", (event) => drag(event, -1));
addEventListener("dragover", (event) => drag(event, 0));
addEventListener("drop", async (event) => {
  if (!hasFiles(event)) return;
  drag(event, null);
  try {
    take(await dropped(event.dataTransfer, limits.suffixes));
  } catch (error) {
    notice("trouble", t("page.unreadable_drop", { why: error.message }));
  }
});
for (const [button, input] of [["choose-files", "files"], ["choose-folder", "folder"]]) {
  element(button).addEventListener("click", () => element(input).click());
  element(input).addEventListener("change", () => {
    take(chosen(element(input).files, limits.suffixes));
    element(input).value = ""; // so that the same file can be chosen again
  });
}
element("record").addEventListener("click", () => recording.begin());

// A box for each format, the first ticked.
function offerFormats() {
  element("archive-formats").replaceChildren(...limits.formats.map(({ name, label }, i) => {
    const box = Object.assign(document.createElement("input"), { type: "checkbox", value: name, checked: i === 0 });
    const line = document.createElement("label");
    line.append(box, label);
    return line;
  }));
  pointArchive();
}

function pointArchive() {
  const formats = [...document.querySelectorAll("#archive input:checked")].map((box) => box.value);
  const link = element("archive-link");
  if (formats.length) link.href = archiveUrl(formats);
  else link.removeAttribute("href");
}
element("archive").addEventListener("change", pointArchive);
element("archive-link").addEventListener("click", () => { element("archive").open = false; });
element("archive").addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  element("archive").open = false;
  element("archive").querySelector("summary").focus();
});
addEventListener("click", (event) => {
  if (!element("archive").contains(event.target)) element("archive").open = false;
});

element("more").addEventListener("click", () => jobs.more());

addEventListener("hashchange", route);
addEventListener("beforeunload", (event) => {
  if (uploads.isBusy || recording.isRecording) event.preventDefault(); // the browser asks whether to leave
});

addEventListener("languagechange", () => {
  if (limits.max_upload_bytes) showLimits();
  jobs.sayAgain();
});
offerLanguages(element("languages"));
begin();
