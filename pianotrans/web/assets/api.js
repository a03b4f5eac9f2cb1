// Requests to the server. A refusal is thrown as an error with the server's own message.

import { t } from "./shared/texts.js";

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

export class Refusal extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

async function ask(method, url) {
  let answer;
  try {
    answer = await fetch(url, { method });
  } catch {
    throw new Refusal(0, t("page.no_answer"));
  }
  const text = await answer.text();
  if (!answer.ok) throw new Refusal(answer.status, detailOf(text, answer.status));
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
  const request = new XMLHttpRequest();
  const answer = new Promise((resolve) => {
    request.upload.onprogress = (event) => onProgress(event.loaded / Math.max(1, event.total));
    request.onloadend = () => {
      const { status, responseText: text } = request;
      const retryAfterS = Number(request.getResponseHeader("Retry-After")) || 5;
      if (status === 201) resolve({ status, job: JSON.parse(text) });
      else resolve({ status, detail: detailOf(text, status), retryAfterS });
    };
  });
  request.open("POST", `/api/jobs?name=${encodeURIComponent(file.name)}`);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.send(file);
  return { answer, stop: () => request.abort() };
}
