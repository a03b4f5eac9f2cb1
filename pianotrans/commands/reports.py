"""The page about a transcription, with its recording in it."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pianotrans.events import Performance


def report_page(performance: "Performance", source: Path, *, allow_truncated: bool) -> bytes:
    """One HTML file that plays the recording at `source` and shows what was heard in it.

    Raises AudioError for a recording that cannot be read.
    """
    from pianotrans.audio import encode_mp3, open_audio
    from pianotrans.views import Recording, report_html

    with open_audio(source, allow_truncated=allow_truncated) as reader:
        recording = Recording(encode_mp3(reader))
    return report_html(performance, title=source.name, recording=recording)
