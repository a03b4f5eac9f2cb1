// Requests to the server. A refusal is thrown as an error with the server's own message.

import { t } from "./shared/texts.js";

const MOST_KEPT_ALIVE = 60_000; // characters: browsers allow 64 KiB

export const fileUrl = (id, format) => `/api/jobs/${encodeURIComponent(id)}/files/${format}`;
export const playerUrl = (id) => `${fileUrl(id, "html")}?inline=1`;
export const archiveUrl = (formats) => `/api/archive?${formats.map((format) => `format=${format}`).join("&")}`;

export const getLimits = () => ask("GET", "/api/limits");
// At most `limit` jobs, the newest first: {jobs, next}. Older ones come `before` the number `next`.
export const getJobs = (limit, before) =>
  ask("GET", `/api/jobs?limit=${limit}${before === undefined ? "" : `&before=${before}`}`);
export const getJob = (id) => ask("GET", `/api/jobs/${encodeURIComponent(id)}`);
export const cancelJob = (id) => ask("POST", `/api/jobs/${encodeURIComponent(id)}/cancel`);
export const deleteJob = (id) => ask("DELETE", `/api/jobs/${encodeURIComponent(id)}`);
// The table of notes and pedals, as csv.
export const getTable = (id) => request("GET", fileUrl(id, "csv"));

// Notes while one plays: one recording at a time is heard.
const previewUrl = (id) => `/api/previews/${encodeURIComponent(id)}`;
export const beginPreview = (rate) => ask("POST", `/api/previews?rate=${rate}`);
export const sendSound = (id, first, samples) => ask("POST", `${previewUrl(id)}/sound?first=${first}`, { body: samples });
export const endPreview = (id) => ask("DELETE", previewUrl(id), { keepalive: true });

export const noteEventsUrl = (id) => `/api/jobs/${encodeURIComponent(id)}/notes/events`;
const editsUrl = (id) => `/api/jobs/${encodeURIComponent(id)}/edits`;
// {edits, revision}, the latest or those of a revision; null and 0 if nothing was ever saved
export const getEdits = (id, revision) =>
  ask("GET", `${editsUrl(id)}${revision === undefined ? "" : `?revision=${revision}`}`);
export const getRevisions = (id) => ask("GET", `/api/jobs/${encodeURIComponent(id)}/revisions`);
// The revision that the edits were made of; a Refusal with status 412 if there is a later one.
export function saveEdits(id, edits, revision) {
  const body = JSON.stringify(edits);
  const keepalive = body.length < MOST_KEPT_ALIVE; // sent to the end even if the page is closed now
  return ask("PUT", editsUrl(id), { headers: { "If-Match": `"${revision}"` }, body, keepalive });
}
export const editedScore = (id, edits) =>
  ask("POST", `/api/jobs/${encodeURIComponent(id)}/score`, { body: JSON.stringify(edits) });
// `choice` is for whom: { receiver, durations }, both as the server calls them, the receiver empty for none.
export function editedFile(id, format, edits, { receiver, durations }) {
  const query = new URLSearchParams({ ...(receiver && { for: receiver }), durations });
  const address = `${fileUrl(id, encodeURIComponent(format))}?${query}`;
  return request("POST", address, { body: JSON.stringify(edits) }, "blob");
}

export class Refusal extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

// The whole content of the answer, as "text" or "blob": an answer that breaks off is none.
async function request(method, url, options, kind = "text") {
  let answer, content;
  try {
    answer = await fetch(url, { method, ...options });
    content = await (answer.ok ? answer[kind]() : answer.text());
  } catch {
    throw new Refusal(0, t("page.no_answer"));
  }
  if (!answer.ok) throw new Refusal(answer.status, detailOf(content, answer.status));
  return content;
}

async function ask(method, url, options) {
  const text = await request(method, url, options);
  return text ? JSON.parse(text) : null;
}

function detailOf(text, status) {
  try {
    const { detail } = JSON.parse(text);
    if (typeof detail === "string") return detail;
  } catch {
    // the answer is not the server's own
  }
  return `The server answered with ${status}.`;
}

// Uploads a file. The promise gives {status, job, detail, retryAfterS}; the status is 0 if no answer came.
// Not with fetch, which does not report the progress of an upload.
export function upload(file, onProgress) {
  const sending = new XMLHttpRequest();
  const answer = new Promise((resolve) => {
    sending.upload.onprogress = (event) => onProgress(event.loaded / Math.max(1, event.total));
    sending.onloadend = () => {
      const { status, responseText: text } = sending;
      const retryAfterS = Number(sending.getResponseHeader("Retry-After")) || 5;
      if (status === 201) resolve({ status, job: JSON.parse(text) });
      else resolve({ status, detail: detailOf(text, status), retryAfterS });
    };
  });
  sending.open("POST", `/api/jobs?name=${encodeURIComponent(file.name)}`);
  sending.setRequestHeader("Content-Type", "application/octet-stream");
  sending.send(file);
  return { answer, stop: () => sending.abort() };
}
