"""The responses of the API, as described in its OpenAPI document."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from pianotrans.web.job import Job, JobState

_EXAMPLE: JsonDict = {
    "number": 17,
    "id": "4f0c4f8a5c0e4f6fb6f7b1a55e0d8c11",
    "name": "song.mp3",
    "state": "running",
    "created_at": "2026-01-31T18:03:12.345Z",
    "n_bytes": 301244,
    "duration_s": 18.6,
    "done_s": 12.0,
    "n_notes": None,
    "n_pedals": None,
    "remarks": [],
    "error": None,
    "position": None,
}


class JobAnswer(BaseModel):
    """An uploaded recording and the state of its transcription."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_EXAMPLE]})

    id: str = Field(description="Id of the job in URLs.")
    number: int = Field(description="Number of the job in order of arrival.")
    name: str = Field(description="Name of the file, as given at the upload.")
    state: JobState = Field(description="State of the job.")
    created_at: str = Field(description="Time of the upload: ISO 8601, UTC.")
    n_bytes: int = Field(description="Size of the file in bytes.")
    duration_s: float | None = Field(description="Length of the recording in seconds; null until it is known.")
    done_s: float = Field(description="Seconds of the recording that are transcribed so far.")
    n_notes: int | None = Field(description="Number of notes; null until the job is done.")
    n_pedals: int | None = Field(description="Number of pedal presses; null until the job is done.")
    remarks: list[str] = Field(
        description="What is remarkable about the recording, one line each, for example its tuning."
    )
    error: str | None = Field(description="Why the job failed, in one line; null unless it failed.")
    position: int | None = Field(description="Position in the queue, starting at 1; null unless queued.")

    @classmethod
    def of(cls, job: Job) -> "JobAnswer":
        """The response that describes a job."""
        return cls.model_validate(job)


class JobsAnswer(BaseModel):
    """Jobs."""

    jobs: list[JobAnswer] = Field(description="Newest first.")
    next: int | None = Field(
        description="Older jobs follow after `before` with this number; null if there are none."
    )


class NotesAnswer(BaseModel):
    """What is decided of a recording so far."""

    is_whole: bool = Field(description="Whether these are all so far, instead of those since the last message.")
    final_s: float = Field(description="All that ended by this time of the recording, in seconds, is told.")
    notes: list[list[float | None]] = Field(
        description="Onset and offset in seconds, key, velocity, and confidence of the onset, in no order."
    )
    pedals: list[list[float | None]] = Field(
        description="Onset and offset in seconds, controller, and confidence of the onset, in no order."
    )


class PreviewAnswer(BaseModel):
    """That the server listens."""

    id: str = Field(description="Id of the preview in URLs.")


class PreviewNotesAnswer(BaseModel):
    """What has become certain since the last answer. A key or pedal that is down has no offset yet."""

    is_ready: bool = Field(description="Whether the model is loaded; until then sound is ignored.")
    heard_s: float = Field(description="How far the sound is heard, in seconds.")
    notes: list[list[float | None]] = Field(
        description="Onset and offset in seconds, key, velocity, and confidence of the onset, in order."
    )
    pedals: list[list[float | None]] = Field(
        description="Onset and offset in seconds, controller, and confidence of the onset, in order."
    )


class EditsAnswer(BaseModel):
    """The edits of a job."""

    revision: int = Field(description="Number of the revision; 0 if nothing was ever saved.", examples=[3])
    edits: dict[str, Any] | None = Field(description="The document; null if nothing was ever saved.")


class SavedAnswer(BaseModel):
    """That edits are saved."""

    revision: int = Field(description="Number of this revision.", examples=[4])


class RevisionAnswer(BaseModel):
    """A revision of a job's edits."""

    model_config = ConfigDict(from_attributes=True)

    number: int = Field(description="Number of the revision, starting at 1.", examples=[4])
    saved_at: str = Field(description="Time of saving: ISO 8601, UTC.", examples=["2026-01-31T18:03:12.345Z"])
    n_changes: int | None = Field(
        description="How much it changes in the transcription; null if it is not known.", examples=[12]
    )


class RevisionsAnswer(BaseModel):
    """All revisions of a job's edits."""

    revisions: list[RevisionAnswer] = Field(description="Oldest first.")


class ScoreAnswer(BaseModel):
    """The score of a transcription with edits, as the report shows it."""

    score: dict[str, Any] = Field(description="Bars, beats, hands, spellings, and the conductor track of MIDI.")
    pages: str = Field(description="SVG of all pages, compressed with gzip, in base64; empty without pages.")
    remarks: list[str] = Field(description="Remarks about recording and score, one line each.")
    conflicts: list[str] = Field(description="Edits that could not be done, one line each.")


class HealthAnswer(BaseModel):
    """That the server works."""

    problem: None = Field(description="Always null: a problem is answered with 503.")


class FormatAnswer(BaseModel):
    """A format in which results can be downloaded."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(description="Name of the format in URLs.", examples=["mid"])
    label: str = Field(description="Name of the format for people.", examples=["MIDI"])
    media_type: str = Field(description="Media type of the file.", examples=["audio/midi"])


class LimitsAnswer(BaseModel):
    """The limits of this server, and the formats of its results."""

    max_upload_bytes: int = Field(description="Largest size of a file, in bytes.", examples=[536870912])
    max_duration_s: float = Field(description="Longest duration of a recording, in seconds.", examples=[7200.0])
    max_edits_bytes: int = Field(description="Largest size of edits, in bytes.", examples=[8388608])
    max_queued: int = Field(description="Largest number of recordings in the queue.", examples=[100])
    formats: list[FormatAnswer] = Field(description="Formats of the results.")
    suffixes: list[str] = Field(description="Suffixes of audio files.", examples=[[".mp3", ".wav"]])
    model: str = Field(description="Name of the model.", examples=["transkun-v2"])
    version: str = Field(description="Version of pianotrans.", examples=["0.1.0"])


class Problem(BaseModel):
    """Why a request was refused."""

    detail: str = Field(description="Reason, in one line.", examples=["No such job."])


def problems(**reasons: str) -> dict[int | str, dict[str, Any]]:
    """OpenAPI descriptions of error responses: `problems(_404="No such job")`."""
    return {int(code.strip("_")): {"model": Problem, "description": why} for code, why in reasons.items()}
