// Answers the report in the player's frame, which may load nothing itself: its edits, and what follows from them. Only
// that frame is heard, and only about its own job. The other end is views/assets/workbench/host.js.

import { editedFile, editedScore, getEdits, getRevisions, saveEdits } from "./api.js";

const GREETING = "pianotrans workbench";

const ACTIONS = {
  load: (id, { revision }) => getEdits(id, revision),
  revisions: (id) => getRevisions(id),
  save: (id, { edits, revision }) => saveEdits(id, edits, revision),
  rescore: (id, { edits }) => editedScore(id, edits),
  file: (id, { format, edits, choice }) => editedFile(id, format, edits, choice),
};

// Hosts the report of a job in a frame, until the function that it gives is called.
export function hostReport(frame, id, formats) {
  let port = null;
  const greet = ({ source, data }) => {
    if (source !== frame.contentWindow || data?.greeting !== GREETING) return;
    port?.close(); // it was loaded anew
    const channel = new MessageChannel();
    port = channel.port1;
    port.onmessage = (event) => answer(event.target, id, event.data);
    const named = formats.map(({ name, label }) => ({ name, label }));
    source.postMessage({ greeting: GREETING, formats: named }, "*", [channel.port2]); // its origin is opaque
  };
  addEventListener("message", greet);
  return () => {
    removeEventListener("message", greet);
    // what was asked last, such as to save, is still done
  };
}

async function answer(port, id, { number, what, ...given }) {
  try {
    if (!Object.hasOwn(ACTIONS, what)) throw new Error(`${what}: unknown.`);
    port.postMessage({ number, value: await ACTIONS[what](id, given) });
  } catch (error) {
    port.postMessage({ number, error: { message: error.message, isConflict: error.status === 412 } });
  }
}
