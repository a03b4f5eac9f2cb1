// A handle by which the MIDI file is dragged out of the page into another program. Chromium makes a file of what is dragged
// then; no other browser does.

import { t } from "../shared/texts.js";

const UNFIT_FOR_NAMES = /[:/\\]/g; // the first ends the name in what is dragged

// `file()` gives { name, bytes } when a drag begins. Returns null where the browser makes no files.
export function makeMidiHandle(file) {
  if (!navigator.userAgentData?.brands.some(({ brand }) => brand === "Chromium")) return null;
  const handle = document.createElement("span");
  handle.className = "drag-handle";
  handle.draggable = true;
  handle.dataset.hint = "listen.drag-midi";
  handle.title = t("listen.drag-midi");
  handle.textContent = "⠿ .mid";
  handle.addEventListener("dragstart", ({ dataTransfer }) => {
    const { name, bytes } = file();
    const base64 = btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ""));
    dataTransfer.effectAllowed = "copy";
    dataTransfer.setData("DownloadURL", `audio/midi:${name.replace(UNFIT_FOR_NAMES, "_")}:data:audio/midi;base64,${base64}`);
  });
  return handle;
}
