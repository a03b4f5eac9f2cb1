"""Which audio track of a film is meant."""

from typing import TYPE_CHECKING

from pianotrans.errors import AudioError
from pianotrans.remarks import Remark

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer


def choose_track(container: "InputContainer", track: int | None, name: str) -> int:
    """The number of an audio track: the given one, else the first that is flagged as default, as players do.

    The first is 1. Raises AudioError if there is none, or not that many.
    """
    tracks = container.streams.audio
    if not tracks:
        kinds = " and ".join(sorted({stream.type for stream in container.streams})) or "nothing"
        raise AudioError(f"{name}: no audio stream, only {kinds}. Give a file that holds sound.")
    if track is None:
        return next((number for number, one in enumerate(tracks, 1) if is_default(one)), 1)
    if track > len(tracks):
        raise no_track_error(track, len(tracks), name)
    return track


def is_default(stream: "AudioStream") -> bool:
    """Whether a file flags a track as the one to play."""
    return bool(stream.disposition.value & 1)


def no_track_error(track: int, n_tracks: int, name: str) -> AudioError:
    """The error of a track that does not exist."""
    tracks = "track" if n_tracks == 1 else "tracks"
    return AudioError(f"{name}: no audio track {track}, only {n_tracks} {tracks}. Choose another.")


def track_remarks(track: int, n_tracks: int) -> list[Remark]:
    """What to say about the chosen track: nothing if there is no other."""
    if n_tracks == 1:
        return []
    text = f"audio track {track} of {n_tracks} was transcribed."
    return [Remark("track", text, {"track": track, "n_tracks": n_tracks})]
