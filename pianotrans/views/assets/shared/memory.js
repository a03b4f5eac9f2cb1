// Settings that outlive the page. One that was opened from disk, or that is sandboxed, may have no storage: even a look
// at it throws. Then they last as long as the page.

const STORE_PREFIX = "pianotrans-";
const unkept = new Map();

export function recall(name, otherwise = null) {
  if (unkept.has(name)) return unkept.get(name);
  try {
    return JSON.parse(localStorage.getItem(STORE_PREFIX + name)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export function remember(name, value) {
  unkept.set(name, value);
  try {
    localStorage.setItem(STORE_PREFIX + name, JSON.stringify(value));
  } catch {
    // no storage, or none left
  }
}
