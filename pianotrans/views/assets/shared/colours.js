// The colours of the style sheets as a canvas takes them.

const N_VELOCITY_STEPS = 6; // --velocity-0 … --velocity-5

// By name, without the dashes. A custom property keeps `light-dark()` as it is written; the colour of an element
// resolves it, so an element that nobody sees wears each colour once.
export function readColours(names) {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.hidden = true;
  probe.style.forcedColorAdjust = "none"; // else high contrast makes all of them one
  const colours = names.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(colours);
}

// The colour of every velocity, 0 … 127: blue for soft, yellow for loud.
export function readVelocityColours() {
  const names = Array.from({ length: N_VELOCITY_STEPS }, (_, i) => `velocity-${i}`);
  const steps = Object.values(readColours(names)).map((colour) => colour.match(/\d+/g).map(Number));
  return Array.from({ length: 128 }, (_, velocity) => {
    const place = (Math.max(0, velocity - 1) / 126) * (steps.length - 1);
    const below = Math.min(Math.floor(place), steps.length - 2);
    const mixed = steps[below].map((part, i) => Math.round(part + (steps[below + 1][i] - part) * (place - below)));
    return `rgb(${mixed.join(" ")})`;
  });
}

// The opacity of the least certain note.
export const readFaintest = () => Number(getComputedStyle(document.documentElement).getPropertyValue("--faintest"));
