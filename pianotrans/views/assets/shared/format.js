// Numbers, times and keys as people read them.

import { t } from "./texts.js";

const KEY_NAMES = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];

// 60 is C4.
export const keyName = (key) => `${KEY_NAMES[key % 12]}${Math.floor(key / 12) - 1}`;

// A spelling as musicians write it: "Eb4" is E♭4.
export const withSigns = (name) => name.replaceAll("#", "♯").replaceAll("b", "♭");

export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// A point in time, rounded down: 0:07, 12:30, 1:02:03, and with two digits 0:07.25.
export function clock(seconds, nDigits = 0) {
  const factor = 10 ** nDigits;
  const whole = Math.floor(seconds * factor + 1e-6) / factor;
  const minutes = Math.floor(whole / 60);
  const rest = (whole - 60 * minutes).toFixed(nDigits).padStart(nDigits ? nDigits + 3 : 2, "0");
  const hours = Math.floor(minutes / 60);
  return hours ? `${hours}:${String(minutes % 60).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

export function size(bytes) {
  if (bytes < 2 ** 20) return `${Math.ceil(bytes / 2 ** 10)} KiB`;
  if (bytes < 2 ** 30) return `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MiB`;
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

// A limit: 3600 is "1 hour", 5400 "90 minutes".
export function span(seconds) {
  if (seconds % 3600 === 0) return t("words.hours", { n: seconds / 3600 });
  return seconds >= 60 ? t("words.minutes", { n: Math.floor(seconds / 60) }) : t("words.seconds", { n: seconds });
}

// A guess at the time left.
export function roughly(seconds) {
  if (seconds < 8) return t("words.few_seconds");
  if (seconds < 55) return t("words.seconds", { n: Math.round(seconds / 5) * 5 });
  return seconds < 90 ? t("words.about_a_minute") : t("words.minutes", { n: Math.round(seconds / 60) });
}
