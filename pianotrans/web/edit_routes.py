"""The part of the API about what users edit: kept in revisions, and applied by a process of its own."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from pianotrans.edits import Edits, parse_edits
from pianotrans.edits.document import FORMAT, KNOWN_VERSIONS
from pianotrans.errors import EditsError, OutputError, WorkerError
from pianotrans.events import Durations
from pianotrans.events.receivers import RECEIVERS
from pianotrans.web.answers import EditsAnswer, RevisionAnswer, RevisionsAnswer, SavedAnswer, ScoreAnswer, problems
from pianotrans.web.dependencies import (
    ALWAYS,
    FILE,
    NOT_DONE,
    NOT_FOUND,
    RETRY_AFTER_S,
    DoneJob,
    FormatName,
    TheService,
    no_such_job,
)
from pianotrans.web.job import Job
from pianotrans.web.names import disposition, download_name
from pianotrans.web.revisions import StaleEditsError
from pianotrans.web.service import Service
from pianotrans.web.uploads import cannot_write, read_small
from pianotrans.web.workshop import WorkshopBusyError
from pianotrans.workers.formats import FORMATS
from pianotrans.workers.revising import Fit, Revise

_MOST_REVISIONS = 10**9
_RECEIVER_PATTERN = f"^({'|'.join(RECEIVERS)})$"
_OF_BODIES = problems(
    _400="The upload was interrupted.",
    _408="The upload is too slow.",
    _413="The edits are too large.",
    _422="The body holds no edits, or those of a newer program.",
)
_OF_WORK = _OF_BODIES | problems(
    _429="Too many of these requests are waiting; `Retry-After` says when to try again.",
    _503="The process that does this has died, or takes too long.",
)
_TRACK = {
    "type": "object",
    "properties": {
        name: {"type": "array", "items": {"type": "object"}} for name in ("changed", "deleted", "added")
    },
    "required": ["changed", "deleted", "added"],
    "additionalProperties": False,
}
_DOCUMENT = {
    "type": "object",
    "properties": {
        "format": {"const": FORMAT},
        "version": {"enum": list(KNOWN_VERSIONS)},
        "transcription": {"type": "object"},
        "notes": _TRACK,
        "pedals": _TRACK,
        "candidates": {"type": "object"},
        "beats": {"type": ["array", "null"], "items": {"type": "object"}},
        "score": {"type": "object"},
    },
    "required": ["format", "version", "transcription", "notes", "pedals", "beats", "score"],
    "additionalProperties": False,
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The edits; their README in `pianotrans/edits` describes them.",
        "content": {"application/json": {"schema": _DOCUMENT}},
    }
}
_NOBODY = Fit()
edit_router = APIRouter(prefix="/api/jobs/{job_id}", responses=ALWAYS)


async def _edits(request: Request, service: Service) -> tuple[bytes, Edits]:
    """The body, which holds edits, and what it says."""
    body = await read_small(request.stream(), service.limits.max_edits_bytes)
    try:
        return body, await run_in_threadpool(parse_edits, body)
    except EditsError as error:
        raise HTTPException(422, f"edits: {error}") from None


@edit_router.get(
    "/edits",
    summary="Get what was edited",
    responses=NOT_DONE | problems(_404="No such job, or no such revision.") | {200: {"model": EditsAnswer}},
)
def get_edits(
    job: DoneJob,
    service: TheService,
    revision: Annotated[
        int | None, Query(ge=1, le=_MOST_REVISIONS, description="Number of the revision; the latest if not given.")
    ] = None,
) -> Response:
    """The latest edits, or those of a revision, as they were saved; `ETag` is the number of the revision."""
    number = service.revisions.latest(job.id) if revision is None else revision
    edits = service.revisions.read(job.id, number) if number else b"null"
    if edits is None:
        raise HTTPException(404, f"There is no revision {number} of these edits.")
    content = b'{"revision":%d,"edits":%b}' % (number, edits)
    return Response(content, media_type="application/json", headers=_tag(number))


@edit_router.put(
    "/edits",
    summary="Save what was edited",
    responses=NOT_FOUND
    | _OF_BODIES
    | problems(
        _409="The job is not done.",
        _412="Another window has saved in between: `If-Match` is not the latest revision.",
        _507="The disk is full.",
    ),
    openapi_extra=_BODY,
)
async def put_edits(
    request: Request,
    response: Response,
    job: DoneJob,
    service: TheService,
    if_match: Annotated[
        str,
        Header(
            pattern=r'^("[0-9]{1,9}"|[0-9]{1,9})$',
            description="Number of the revision that was edited; 0 if there was none.",
            examples=["3"],
        ),
    ],
) -> SavedAnswer:
    """Saves a new revision, and keeps those before it. To save the latest one again is no conflict."""
    body, edits = await _edits(request, service)
    await run_in_threadpool(service.space.check, len(body))
    try:
        base = int(if_match.strip('"'))
        saved = await run_in_threadpool(service.revisions.save, job.id, body, edits.n_changes, base)
    except StaleEditsError as error:
        raise HTTPException(412, str(error), _tag(error.latest)) from None
    except FileNotFoundError:
        raise no_such_job() from None
    except (OutputError, OSError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        raise cannot_write(cause if isinstance(cause, OSError) else OSError(str(error))) from error
    response.headers.update(_tag(saved))
    return SavedAnswer(revision=saved)


@edit_router.get("/revisions", summary="List the revisions of the edits", responses=NOT_FOUND | NOT_DONE)
def list_revisions(job: DoneJob, service: TheService) -> RevisionsAnswer:
    """Every revision that was saved."""
    return RevisionsAnswer(revisions=[RevisionAnswer.model_validate(one) for one in service.revisions.all(job.id)])


@edit_router.post(
    "/files/{format}",
    summary="Download a result with edits",
    response_class=Response,
    responses=NOT_FOUND | NOT_DONE | _OF_WORK | FILE,
    openapi_extra=_BODY,
)
async def post_file(
    request: Request,
    job: DoneJob,
    service: TheService,
    format: FormatName,  # noqa: A002 - the name in the address
    receiver: Annotated[
        str | None,
        Query(
            alias="for",
            pattern=_RECEIVER_PATTERN,
            description="What the file is for: sets what this needs, as `pianotrans apply --for`.",
        ),
    ] = None,
    durations: Annotated[
        Durations | None,
        Query(
            description="How long notes last: `keys`, while their keys are held, as by default, or `sounding`, "
            "until the sustain pedal is lifted, which is then left out."
        ),
    ] = None,
) -> Response:
    """The file as `pianotrans apply` writes it. Nothing is saved."""
    content = await _revised(request, service, job, format, Fit(receiver, durations))
    name = download_name(job.name, format)
    return Response(
        content, media_type=FORMATS[format].media_type, headers={"Content-Disposition": disposition(name)}
    )


@edit_router.post(
    "/score",
    summary="Get the score with edits",
    responses=NOT_FOUND | NOT_DONE | _OF_WORK | {200: {"model": ScoreAnswer}},
    openapi_extra=_BODY,
)
async def post_score(request: Request, job: DoneJob, service: TheService) -> Response:
    """The score that follows from the edits, with their beats and all that they say of it. Nothing is saved."""
    return Response(await _revised(request, service, job, None), media_type="application/json")


async def _revised(
    request: Request, service: Service, job: Job, format_name: str | None, fit: Fit = _NOBODY
) -> bytes:
    body, _ = await _edits(request, service)
    folder = service.jobs.folders.of(job.id)
    report = folder.result("html") if format_name is not None and FORMATS[format_name].needs_audio else None
    order = Revise(folder.result("json"), job.name, body, format_name, report, fit)
    try:
        return await run_in_threadpool(service.workshop.revise, order, service.limits.revision_s(job.duration_s))
    except EditsError as error:
        raise HTTPException(422, str(error)) from None
    except WorkshopBusyError as error:
        raise HTTPException(429, str(error), {"Retry-After": str(RETRY_AFTER_S)}) from None
    except WorkerError as error:
        raise HTTPException(503, str(error)) from None


def _tag(revision: int) -> Mapping[str, str]:
    return {"ETag": f'"{revision}"'}
