// The page: its elements, and what each does.

import { archiveUrl, getJobs, getLimits } from "./api.js";
import { chosen, dropped } from "./choosing.js";
import { JobList } from "./jobs.js";
import { PlayerView } from "./player.js";
import { RecordingPanel } from "./recording.js";
import { Stream } from "./stream.js";
import { Uploads } from "./uploads.js";
import { plural, size, span } from "./words.js";

const element = (id) => document.getElementById(id);
const limits = { suffixes: [] }; // filled when the server has told them
let isKnown = false; // whether the list of jobs has been read

function announce(text) { element("live").textContent = text; }

function notice(id, text) {
  element(id).textContent = text;
  element(id).hidden = !text;
}

function take({ files, nSkipped }) {
  const skipped = nSkipped ? `Left out ${plural(nSkipped, "file")} that cannot be a recording.` : "";
  notice("trouble", files.length || nSkipped ? skipped : "There is no recording in that.");
  if (files.length) {
    location.hash = "";
    uploads.add(files);
    announce(`${plural(files.length, "recording")} to upload`);
  }
}

// The big invitation while there is nothing, the list as soon as there is something.
function arrange() {
  const hasRows = !!document.querySelector(".rows li");
  element("work").hidden = !hasRows;
  document.body.classList.toggle("at-work", hasRows);
  element("archive").hidden = !jobs.all.some((job) => job.state === "done");
}

function route() {
  const id = location.hash.slice(1);
  const job = jobs.get(id);
  if (id && !job && !isKnown) return;
  const leaving = player.id;
  if (job?.state === "done") {
    player.show(job);
  } else {
    player.hide();
    if (id && !job) location.hash = "";
  }
  element("desk").hidden = player.id !== null;
  document.body.classList.toggle("playing", player.id !== null);
  document.title = player.id === null ? "pianotrans" : `${job.name} – pianotrans`;
  if (leaving && player.id === null) (document.querySelector(`[data-id="${CSS.escape(leaving)}"] .open`) ?? element("work-title")).focus();
}

function ask(job) {
  element("sure-question").textContent = `Delete “${job.name}”, the recording and its transcription?`;
  const dialog = element("sure");
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

async function readLimits() {
  Object.assign(limits, await getLimits());
  const isHere = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
  const most = `Audio or video, up to ${size(limits.max_upload_bytes)} and ${span(limits.max_duration_s)}.`;
  element("limits").textContent = isHere ? `${most} Nothing leaves this computer.` : most;
}

async function agree() {
  const { nChanges } = jobs;
  try {
    jobs.agree(await getJobs(), nChanges);
    if (!("max_upload_bytes" in limits)) await readLimits();
  } catch {
    return; // the stream will say so, and open again
  }
  isKnown = true;
  notice("lost", "");
  arrange();
  route();
}

async function explainLoss() {
  try {
    await getJobs();
  } catch (error) {
    const isShut = error.status === 401 || error.status === 403;
    notice("lost", isShut ? error.message : "The server does not answer. Trying again …");
  }
}

const jobs = new JobList(element("jobs"), {
  announce,
  ask,
  onChange: (id) => {
    arrange();
    if (id === location.hash.slice(1) || id === player.id) route();
  },
  onTrouble: (text) => notice("trouble", text),
});
const uploads = new Uploads(element("uploads"), limits, { announce, onChange: arrange, onJob: (job) => jobs.add(job) });
const player = new PlayerView(element("player"), element("player-bar"), element("player-downloads"));
const panelElements = {
  panel: element("recording"), clock: element("recording-clock"), level: element("level"),
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

// Files: from a drop anywhere on the page, or chosen.
const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
let nInside = 0; // a drag enters and leaves every element on its way
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
    notice("trouble", `What was dropped cannot be read (${error.message}).`);
  }
});
for (const [button, input] of [["choose-files", "files"], ["choose-folder", "folder"]]) {
  element(button).addEventListener("click", () => element(input).click());
  element(input).addEventListener("change", () => {
    take(chosen(element(input).files, limits.suffixes));
    element(input).value = ""; // the same may be chosen again
  });
}
element("record").addEventListener("click", () => recording.begin());

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
pointArchive();

addEventListener("hashchange", route);
addEventListener("beforeunload", (event) => {
  if (uploads.isBusy || recording.isRecording) event.preventDefault(); // the browser asks whether to leave
});

new Stream({ onJob: (job) => jobs.put(job), onDeleted: (id) => jobs.drop(id), onOpen: agree, onLost: explainLoss });
