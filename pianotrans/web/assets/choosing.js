// The files in what was dropped or chosen. From a folder come the files that the command line would take: those with
// the name of a recording, and nothing hidden. A file given by itself is sent whatever its name: the server decodes it.

// From <input type="file">. Gives {files, nSkipped}.
export function chosen(list, suffixes) {
  const found = [...list].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
  return sorted(found, suffixes);
}

// From a drop. Reads the entries before the first wait: after it the browser has forgotten them.
export async function dropped(transfer, suffixes) {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const found = [];
  for (const entry of entries) found.push(...(await filesOf(entry)));
  return sorted(found, suffixes);
}

async function filesOf(entry) {
  if (!entry) return [];
  if (entry instanceof File) return [{ file: entry, path: entry.name }];
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => { entry.file(resolve, reject); });
    return [{ file, path: entry.fullPath.slice(1) }];
  }
  const found = [];
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (!some.length) return found; // they come a hundred at a time
    for (const inner of some) found.push(...(await filesOf(inner)));
  }
}

function sorted(found, suffixes) {
  const taken = found.filter(({ path }) => !path.includes("/") || mayBeRecording(path, suffixes));
  taken.sort((a, b) => a.path.localeCompare(b.path, undefined, { numeric: true }));
  return { files: taken.map(({ file }) => file), nSkipped: found.length - taken.length };
}

function mayBeRecording(path, suffixes) {
  const [, ...below] = path.split("/"); // whatever the folder itself is called
  return !below.some((name) => name.startsWith(".")) && suffixes.some((suffix) => path.toLowerCase().endsWith(suffix));
}
