// Numbers as people read them.

export const plural = (n, what) => `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;

export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

export function clock(seconds) {
  const whole = Math.floor(seconds + 1e-6);
  const two = (n) => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

export function size(bytes) {
  if (bytes < 2 ** 20) return `${Math.ceil(bytes / 2 ** 10)} KiB`;
  if (bytes < 2 ** 30) return `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MiB`;
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

// For limits: 3600 is "1 hour", 5400 "90 minutes".
export function span(seconds) {
  if (seconds % 3600 === 0) return plural(seconds / 3600, "hour");
  return seconds >= 60 ? plural(Math.floor(seconds / 60), "minute") : plural(seconds, "second");
}

// For what is left: rough, as it is a guess.
export function roughly(seconds) {
  if (seconds < 8) return "a few seconds";
  if (seconds < 55) return `${Math.round(seconds / 5) * 5} seconds`;
  return seconds < 90 ? "a minute" : `${Math.round(seconds / 60)} minutes`;
}
