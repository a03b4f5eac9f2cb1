// Where things are on a piano roll, and what is painted after what.

export const KEYBOARD_PX = 54;
export const LANE_PX = 18; // of one kind of pedal
export const TIMES_PX = 22;
export const NUMBERS_PX = 20; // of bars, above the notes

// Layers from `keyboard` on may paint over the keyboard at the left; others are cut off there.
export const ORDER = { ground: 0, bars: 10, notes: 20, marks: 30, present: 40, keyboard: 50, above: 60 };
