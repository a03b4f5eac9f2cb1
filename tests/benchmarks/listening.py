"""How well recording and piano stay together in the report, at each speed: python -m tests.benchmarks.listening.

Prints, for each speed, how far the recording was ahead of the piano over ten seconds of playing, in milliseconds.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from pianotrans.audio import encode_mp3, from_array
from pianotrans.events import Note, Performance
from pianotrans.views import EncodedAudio
from tests.browser import chromium
from tests.views.visiting import Visit

LENGTH_S, STEP_S, PLAYED_S = 60.0, 0.25, 10.0
SPEEDS = (25, 50, 75, 100, 125, 150)
_NOW = """() => {
    const heardS = heard.context.currentTime - (heard.context.outputLatency || 0);
    return [heardS, heard.audio.currentTime, heard.notes.at(-1)];
}"""


def drifts_ms(visit: Visit, percent: int) -> list[float]:
    """The recording is ahead by so much, twenty times in ten seconds."""
    page = visit.page
    page.get_by_label("Speed").fill(str(percent))
    page.locator("#position").fill("0")
    page.evaluate("heard.notes = []")
    page.get_by_role("button", name="Play", exact=True).click()
    found = []
    visit.wait_past(0.3)
    for _ in range(20):
        time.sleep(PLAYED_S / 20)
        heard_s, media_s, last_s = page.evaluate(_NOW)
        ahead_s = (
            media_s - (heard_s - last_s) * percent / 100 + STEP_S / 2
        ) % STEP_S - STEP_S / 2  # of the last note
        found.append(1000 * ahead_s / (percent / 100))
    page.get_by_role("button", name="Pause", exact=True).click()
    return found


def main() -> None:
    """Print the table."""
    times = np.arange(round(LENGTH_S * 16_000)) / 16_000
    sound = (0.2 * np.sin(2 * np.pi * 440 * times)).astype(np.float32)
    audio = EncodedAudio(encode_mp3(from_array(sound, 16_000)))
    notes = tuple(Note(at, at + 0.2, 60, 80) for at in np.arange(0, LENGTH_S - 1, STEP_S))
    with chromium() as browser, TemporaryDirectory() as folder:
        visit = Visit(browser, Path(folder), Performance(notes, (), LENGTH_S), audio=audio)
        visit.fade(50)
        print("| speed | recording ahead of the piano, in ms: median | least | most |\n|---|---|---|---|")
        for percent in SPEEDS:
            found = drifts_ms(visit, percent)
            print(f"| {percent} % | {np.median(found):.0f} | {min(found):.0f} | {max(found):.0f} |")


if __name__ == "__main__":
    main()
