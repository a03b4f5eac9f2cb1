// All that helps to listen and to practise, put into the page.

import { LoopMarker } from "./loop.js";
import { makeMidiHandle } from "./midi_handle.js";
import { OwnKeyboard } from "./own_keyboard.js";
import { PracticeBar } from "./practice_bar.js";
import { Waveform } from "./waveform.js";

// `playback` is the element that the bar for practising stands below, `download` the one that the handle stands beside.
// `midiFile()` gives { name, bytes }.
export function addListening({ player, bench, roll, sheet, shortcuts, goTo, waveform, hasHands, playback, download, midiFile }) {
  const beats = () => bench.piece.beats ?? bench.bars.beats;
  player.setBeats(beats());
  const loop = new LoopMarker({ player, bench, roll, goTo });
  const setFollowing = (isOn) => { roll.follows = sheet.follows = isOn; };
  const bar = new PracticeBar({ player, loop, keyboard: new OwnKeyboard(player, roll), setFollowing, hasHands });
  playback.after(bar.element);
  shortcuts.add("listen.practise", [
    { keys: ["Escape"], text: "listen.loop-end", run: () => player.setLoop(null), when: () => player.loop !== null && !bench.selection.size },
    ...bar.shortcuts,
  ]);
  if (waveform) new Waveform(waveform, { roll, goTo });
  const handle = makeMidiHandle(midiFile);
  if (handle) download.after(handle);
  bench.addEventListener("change", () => {
    if (beats() !== player.beats) player.setBeats(beats());
  });
}
