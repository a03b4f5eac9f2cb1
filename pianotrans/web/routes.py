"""The HTTP API: one function per route."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import StringConstraints
from starlette.concurrency import run_in_threadpool

from pianotrans.audio import AUDIO_SUFFIXES
from pianotrans.version import __version__
from pianotrans.web.answers import FormatAnswer, HealthAnswer, JobAnswer, JobsAnswer, LimitsAnswer, problems
from pianotrans.web.archive import zipped
from pianotrans.web.dependencies import (
    ALWAYS,
    FILE,
    FORMAT_PATTERN,
    NOT_DONE,
    NOT_FOUND,
    RETRY_AFTER_S,
    DoneJob,
    FormatName,
    TheJob,
    TheService,
    no_such_job,
)
from pianotrans.web.edit_routes import edit_router
from pianotrans.web.events import events
from pianotrans.web.job import Job, JobState, now
from pianotrans.web.jobs import QueueFullError
from pianotrans.web.names import download_name, file_name
from pianotrans.web.note_routes import note_router
from pianotrans.web.preview_routes import preview_router
from pianotrans.web.service import Service
from pianotrans.web.uploads import check_announced, new_id, receive
from pianotrans.workers.formats import DEFAULT_FORMAT, FORMATS, writable_formats

_MAX_NUMBER = 2**63 - 1
REPORT_POLICY = (
    # The report's own policy names its scripts by hashes; this one keeps it from acting as part of this server.
    "sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; media-src blob:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)


router = APIRouter(prefix="/api", responses=ALWAYS)


@router.post(
    "/jobs",
    status_code=201,
    summary="Upload a recording",
    responses=problems(
        _400="The upload was interrupted.",
        _408="The upload is too slow.",
        _413="The file is too large.",
        _415="The body is a form instead of a file.",
        _422="The file is empty, or its name is missing.",
        _429="Too many recordings are waiting; `Retry-After` says when to try again.",
        _507="The disk is full.",
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The file itself, in any format that libsndfile or FFmpeg reads.",
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary", "minLength": 1}}
            },
        }
    },
)
async def create_job(
    request: Request,
    response: Response,
    service: TheService,
    name: Annotated[
        str,
        Query(
            min_length=1,
            max_length=255,
            description="Name of the file; results are named after it.",
            examples=["song.mp3"],
        ),
    ],
) -> JobAnswer:
    """The body is the file. It is decoded only when the job runs; if it is not a recording, the job fails."""
    limit = service.limits.max_upload_bytes
    check_announced(request.headers, limit, service.space.check)
    try:
        with service.jobs.reserved_place():
            job_id = new_id()
            folder = service.jobs.folders.of(job_id)
            n_bytes = await receive(request.stream(), folder, limit, service.space.check)
            added = await run_in_threadpool(
                service.jobs.add, Job(job_id, file_name(name) or "recording", n_bytes, now())
            )
    except QueueFullError as error:
        raise HTTPException(429, str(error), {"Retry-After": str(RETRY_AFTER_S)}) from None
    service.wake()
    response.headers["Location"] = f"/api/jobs/{job_id}"
    return JobAnswer.of(added)


@router.get("/jobs", summary="List jobs")
def list_jobs(
    service: TheService,
    limit: Annotated[
        int | None, Query(ge=1, le=10_000, description="Largest number of jobs; all if it is not given.")
    ] = None,
    before: Annotated[
        int | None, Query(ge=0, le=_MAX_NUMBER, description="List only jobs with smaller numbers.")
    ] = None,
) -> JobsAnswer:
    """Newest first. For a long list in parts, pass `next` of each answer as `before` of the next request."""
    jobs = service.jobs.jobs(None if limit is None else limit + 1, before)
    there = jobs[:limit]
    return JobsAnswer(
        jobs=[JobAnswer.of(job) for job in there], next=there[-1].number if len(there) < len(jobs) else None
    )


@router.get("/jobs/{job_id}", summary="Get a job", responses=NOT_FOUND)
def get_job(job: TheJob) -> JobAnswer:
    """The state and the progress of a job."""
    return JobAnswer.of(job)


@router.post("/jobs/{job_id}/cancel", summary="Cancel a job", responses=NOT_FOUND)
def cancel_job(job: TheJob, service: TheService) -> JobAnswer:
    """A queued job never starts; a running job stops within a segment. A job that has ended does not change."""
    cancelled = service.jobs.cancel(job.id)
    service.wake()
    if cancelled is None:
        raise no_such_job()
    return JobAnswer.of(cancelled)


@router.delete("/jobs/{job_id}", status_code=204, summary="Delete a job", responses=NOT_FOUND)
def delete_job(job: TheJob, service: TheService) -> None:
    """Deletes the job with all its files; a running job is cancelled first."""
    service.jobs.remove(job.id)
    service.wake()


@router.get(
    "/jobs/{job_id}/files/{format}",
    summary="Download a result",
    response_class=FileResponse,
    responses=NOT_FOUND | NOT_DONE | FILE,
)
def get_file(
    job: DoneJob,
    service: TheService,
    format: FormatName,  # noqa: A002 - the name in the address
    inline: Annotated[bool, Query(description="Show the file instead of saving it; only for html.")] = False,
) -> FileResponse:
    """The same bytes as written by `pianotrans transcribe`."""
    is_page = FORMATS[format].media_type.startswith("text/html")
    path = service.jobs.folders.of(job.id).result(format)
    if not path.is_file():
        raise no_such_job()
    return FileResponse(
        path,
        media_type=FORMATS[format].media_type,
        filename=download_name(job.name, format),
        content_disposition_type="inline" if inline and is_page else "attachment",
        headers={"Content-Security-Policy": REPORT_POLICY} if is_page else None,
    )


@router.get(
    "/archive",
    summary="Download many results",
    response_class=StreamingResponse,
    responses=NOT_FOUND
    | problems(_409="No job is done, or one of the given jobs is not.")
    | {200: {"description": "A zip file.", "content": {"application/zip": {}}}},
)
def get_archive(
    service: TheService,
    formats: Annotated[
        list[Annotated[str, StringConstraints(pattern=FORMAT_PATTERN)]] | None,
        Query(
            alias="format",
            max_length=len(FORMATS),
            description=f"Formats of each job's results; {DEFAULT_FORMAT} if none is given.",
        ),
    ] = None,
    ids: Annotated[
        list[str] | None, Query(alias="id", description="Ids of the jobs; all that are done if none is given.")
    ] = None,
) -> StreamingResponse:
    """A zip file with the results of the given jobs, or of all jobs that are done."""
    jobs = _jobs_named(service, ids) if ids else [job for job in service.jobs.jobs() if job.state is JobState.done]
    if not jobs:
        raise HTTPException(409, "No job is done yet.")
    wanted = list(dict.fromkeys(formats or [DEFAULT_FORMAT]))
    return StreamingResponse(
        zipped(jobs, wanted, service.jobs.folders),
        media_type="application/zip",
        headers={"Content-Disposition": 'attachment; filename="transcriptions.zip"'},
    )


def _jobs_named(service: Service, ids: list[str]) -> list[Job]:
    jobs = [service.jobs.find(job_id) for job_id in dict.fromkeys(ids)]
    found = [job for job in jobs if job is not None]
    if len(found) < len(jobs):
        raise no_such_job()
    for job in found:
        if job.state is not JobState.done:
            raise HTTPException(409, f"{job.name}: is {job.state}; only jobs that are done have results.")
    return found


@router.get(
    "/events",
    summary="Listen for changes",
    response_class=StreamingResponse,
    responses={200: {"description": "Server-sent events.", "content": {"text/event-stream": {}}}},
)
async def get_events(service: TheService) -> StreamingResponse:
    """Every change from now on: `event: job` with a job as data, `event: deleted` with its id.

    `event: queue` lists the ids of the next jobs, and `n_queued` counts all that wait; `event: problem` tells what
    keeps them from being transcribed, or null. Both are also sent at the beginning.
    """
    stream: AsyncIterator[str] = events(service)
    return StreamingResponse(stream, media_type="text/event-stream")


@router.get(
    "/health",
    summary="Check that the server works",
    responses=problems(_503="Jobs are not being transcribed; `detail` says why."),
)
def get_health(service: TheService) -> HealthAnswer:
    """For programs that watch the server."""
    if service.problem:
        raise HTTPException(503, service.problem)
    return HealthAnswer(problem=None)


@router.get("/limits", summary="Get the limits of this server")
def get_limits(service: TheService) -> LimitsAnswer:
    """Check these before sending a large file."""
    limits = service.limits
    return LimitsAnswer(
        max_upload_bytes=limits.max_upload_bytes,
        max_duration_s=limits.max_duration_s,
        max_edits_bytes=limits.max_edits_bytes,
        max_queued=limits.max_queued,
        formats=[FormatAnswer.model_validate(row) for row in map(FORMATS.__getitem__, writable_formats())],
        suffixes=sorted(AUDIO_SUFFIXES),
        model=service.model,
        version=__version__,
    )


ROUTERS = (router, note_router, edit_router, preview_router)
