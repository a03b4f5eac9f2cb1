"""The page about a transcription, with its recording in it."""

from pianotrans.audio import AudioSource, encode_mp3, open_audio
from pianotrans.events import Performance
from pianotrans.views.report import Recording, report_html


def report_page(
    performance: Performance, source: AudioSource, *, title: str, allow_truncated: bool = False
) -> bytes:
    """One HTML file that plays the recording `source` and shows what was heard in it.

    Raises AudioError for a recording that cannot be read.
    """
    with open_audio(source, allow_truncated=allow_truncated) as reader:
        recording = Recording(encode_mp3(reader))
    return report_html(performance, title=title, recording=recording)
