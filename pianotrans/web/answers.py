"""What the API answers, as its OpenAPI description has it."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from pianotrans.web.job import Job, JobState

_EXAMPLE: JsonDict = {
    "id": "4f0c4f8a5c0e4f6fb6f7b1a55e0d8c11",
    "name": "song.mp3",
    "state": "running",
    "created_at": "2026-01-31T18:03:12.345Z",
    "n_bytes": 301244,
    "duration_s": 18.6,
    "done_s": 12.0,
    "n_notes": None,
    "n_pedals": None,
    "error": None,
    "position": None,
}


class JobAnswer(BaseModel):
    """A recording that was handed in, and what has become of it."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_EXAMPLE]})

    id: str = Field(description="Names the job in every address.")
    name: str = Field(description="The file's name as it was given.")
    state: JobState = Field(description="How far it has come.")
    created_at: str = Field(description="When it was handed in: ISO 8601, UTC.")
    n_bytes: int = Field(description="Size of the file.")
    duration_s: float | None = Field(description="Length of the recording in seconds; null until it is known.")
    done_s: float = Field(description="How much of it is transcribed, in seconds of the recording.")
    n_notes: int | None = Field(description="How many notes were heard; null until the job is done.")
    n_pedals: int | None = Field(description="How many times a pedal was pressed; null until the job is done.")
    error: str | None = Field(description="Of a job that failed: why, in one line.")
    position: int | None = Field(description="Place in the queue, the next one has 1; null unless queued.")

    @classmethod
    def of(cls, job: Job) -> "JobAnswer":
        """The answer about a job."""
        return cls.model_validate(job)


class JobsAnswer(BaseModel):
    """All jobs."""

    jobs: list[JobAnswer] = Field(description="Newest first.")


class FormatAnswer(BaseModel):
    """A format that results can be downloaded in."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(description="Names the format in every address.", examples=["mid"])
    label: str = Field(description="What people call it.", examples=["MIDI"])
    media_type: str = Field(description="Of the file.", examples=["audio/midi"])


class LimitsAnswer(BaseModel):
    """What this server takes and gives."""

    max_upload_bytes: int = Field(description="Size of the largest file.", examples=[536870912])
    max_duration_s: float = Field(description="Length of the longest recording, in seconds.", examples=[7200.0])
    max_queued: int = Field(description="How many recordings may wait at once.", examples=[100])
    formats: list[FormatAnswer] = Field(description="What there is to download of a finished job.")
    suffixes: list[str] = Field(description="Of files that look like recordings.", examples=[[".mp3", ".wav"]])
    model: str = Field(description="The model that transcribes.", examples=["transkun-v2"])
    version: str = Field(description="Of pianotrans.", examples=["0.1.0"])


class Problem(BaseModel):
    """Why something was refused."""

    detail: str = Field(description="One line.", examples=["No such job."])


def problems(**reasons: str) -> dict[int | str, dict[str, Any]]:
    """Descriptions of refusals for OpenAPI: `problems(_404="No such job")`."""
    return {int(code.strip("_")): {"model": Problem, "description": why} for code, why in reasons.items()}
