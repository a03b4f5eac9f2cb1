// Rounding as Python rounds: halves to the even neighbour.

export function roundEven(exact) {
  const below = Math.floor(exact);
  if (exact - below !== 0.5) return Math.round(exact);
  return below % 2 ? below + 1 : below;
}
