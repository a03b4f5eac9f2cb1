// Keys as `pianotrans score --key` takes them.

const TONICS = {
  major: ["C", "G", "D", "A", "E", "B", "F sharp", "C sharp", "F", "B flat", "E flat", "A flat", "D flat", "G flat", "C flat"],
  minor: ["A", "E", "B", "F sharp", "C sharp", "G sharp", "D sharp", "A sharp", "D", "G", "C", "F", "B flat", "E flat", "A flat"],
};
const FIFTHS = new Map([..."FCGDAEB"].map((letter, i) => [letter, i - 1]));
const ALTERATIONS = { "": 0, "#": 7, "♯": 7, sharp: 7, b: -7, "♭": -7, flat: -7 };
const COUNTED = /^(?:([+-]?\d+)|(\d+)(#|b))$/;
const NAMED_KEY = /^([A-Ga-g])[ -]?(#|♯|b|♭|sharp|flat|)[ -]?(major|maj|minor|min|m|)$/;

// { major: ["C major", "G major" …], minor: […] }: fifteen each, those with sharps first.
export const KEY_NAMES_BY_MODE = Object.fromEntries(
  Object.entries(TONICS).map(([mode, tonics]) => [mode, tonics.map((tonic) => `${tonic} ${mode}`)]));

// "E flat major" → [-3, "major"], "3b" → [-3, null]; null for what is no key.
export function readKeySignature(text) {
  const trimmed = text.trim().replaceAll("  ", " ");
  const key = readCounted(trimmed) ?? readNamed(trimmed);
  return key && Math.abs(key[0]) <= 7 ? key : null;
}

function readCounted(text) {
  const [, signed, n, sign] = text.match(COUNTED) ?? [];
  if (signed !== undefined) return [Number(signed), null];
  return n === undefined ? null : [Number(n) * (sign === "b" ? -1 : 1) || 0, null];
}

function readNamed(text) {
  const [, letter, sign, word] = text.match(NAMED_KEY) ?? [];
  if (letter === undefined || (word === "" && letter === letter.toLowerCase())) return null;
  const mode = word.startsWith("mi") || word === "m" ? "minor" : "major";
  return [FIFTHS.get(letter.toUpperCase()) + ALTERATIONS[sign] - (mode === "minor" ? 3 : 0), mode];
}

// The name among the thirty of what is said in any other words; null if it is none of them.
export function nameOfKey(text) {
  const [fifths, mode] = readKeySignature(text) ?? [];
  const isSame = (name) => `${readKeySignature(name)}` === `${[fifths, mode]}`;
  return (KEY_NAMES_BY_MODE[mode] ?? []).find(isSame) ?? null;
}
