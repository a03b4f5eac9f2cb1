// Pictures for buttons, as paths in a square of 24.

const PATHS = {
  pointer: "M6 3l12 9.5-5.5.8 3 6-2.3 1.2-3-6.1L6 18z",
  pencil: "M4 20l1-4.5L16.5 4a1.8 1.8 0 0 1 2.5 0l1 1a1.8 1.8 0 0 1 0 2.5L8.5 19zM14.5 6l3.5 3.5",
  hand: "M8 12V6.5a1.5 1.5 0 0 1 3 0V11m0-.5v-6a1.5 1.5 0 0 1 3 0V11m0-4.5a1.5 1.5 0 0 1 3 0V12m0-2.5a1.5 1.5 0 0 1 3 0V15c0 4-2.5 6.5-6 6.5-3 0-4.5-1-6.5-4L5 13.5a1.5 1.5 0 0 1 2.5-1.700L9 14",
  undo: "M9 5L4 10l5 5M4 10h10a5.5 5.5 0 0 1 0 11h-3",
  redo: "M15 5l5 5-5 5M20 10H10a5.5 5.5 0 0 0 0 11h3",
  delete: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5.5M14 11v5.5",
  split: "M3 9h7v6H3zM14 9h7v6h-7zM12 3v18",
  join: "M3 9h18v6H3zM8 4l4 3 4-3M8 20l4-3 4 3",
  cut: "M6 18.5a2.5 2.5 0 1 0 .1 0zM18 18.5a2.5 2.5 0 1 0 .1 0zM7.5 18.5L17 3M16.5 18.5L7 3",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  paste: "M8 5H5v16h14V5h-3M8 3h8v4H8z",
  velocityLane: "M4 20V10M9 20V5M14 20v-8M19 20V8M2.5 20.5h19",
};

export function icon(name) {
  const holder = document.createElement("template");
  holder.innerHTML = `<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="${PATHS[name]}"></path></svg>`;
  return holder.content.firstChild;
}
