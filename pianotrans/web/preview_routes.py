"""The part of the API about notes while somebody plays: each piece of sound is answered with what is new."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from starlette.concurrency import run_in_threadpool

from pianotrans.errors import WorkerError
from pianotrans.web.answers import PreviewAnswer, PreviewNotesAnswer, problems
from pianotrans.web.dependencies import ALWAYS, RETRY_AFTER_S, TheService
from pianotrans.web.preview import News, PreviewEndedError, PreviewTakenError
from pianotrans.web.uploads import read_small
from pianotrans.workers.previewing import Struck

_MOST_BYTES = 2**20  # five seconds at the highest rate that microphones usually have, 96 kHz
_LOWEST_RATE, _HIGHEST_RATE = 8000, 192_000
_LAST_SAMPLE = 2**40
_UNKNOWN = problems(_404="No such preview; it may have ended.")
_DEAD = problems(_503="The process that listens has died, or cannot hear.")
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": False,
        "description": "Samples of one channel, with 16 bits, little-endian, without a header, or nothing.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
preview_router = APIRouter(prefix="/api/previews", responses=ALWAYS)


@preview_router.post(
    "",
    status_code=201,
    summary="Begin to listen",
    responses=_DEAD | problems(_429="Another recording is being heard; `Retry-After` says when to try again."),
)
def begin_preview(
    service: TheService,
    rate: Annotated[int, Query(ge=_LOWEST_RATE, le=_HIGHEST_RATE, description="Samples per second.")],
) -> PreviewAnswer:
    """One recording at a time is heard while it is played. Nothing of it is kept: upload it to have it transcribed.

    It ends when it is deleted. One that sends nothing for ten seconds makes room for another.
    """
    try:
        return PreviewAnswer(id=service.preview.begin(rate))
    except PreviewTakenError as error:
        raise HTTPException(429, str(error), {"Retry-After": str(RETRY_AFTER_S)}) from None
    except WorkerError as error:
        raise HTTPException(503, str(error)) from None


@preview_router.post(
    "/{preview_id}/sound",
    summary="Send sound, and get what is new",
    responses=_UNKNOWN
    | _DEAD
    | problems(
        _400="The upload was interrupted.",
        _408="The upload is too slow.",
        _413="More than 1 MiB at once.",
        _422="The body is not a whole number of samples.",
    ),
    openapi_extra=_BODY,
)
async def send_sound(
    request: Request,
    preview_id: str,
    service: TheService,
    first: Annotated[
        int, Query(ge=0, le=_LAST_SAMPLE, description="Number of the first of these samples in the recording.")
    ],
) -> PreviewNotesAnswer:
    """A tenth of a second at once is a good measure. Does not wait for the model: it tells what is known by now.

    Where sound is missing, what sounds ends, and hearing begins anew. A note comes twice: without an offset as soon
    as it is certain, and with one when it has ended.
    """
    samples = await read_small(request.stream(), _MOST_BYTES)
    if len(samples) % 2:
        raise HTTPException(422, f"{len(samples)} bytes; samples have two bytes each.")
    try:
        return _answer(await run_in_threadpool(service.preview.hear, preview_id, first, samples))
    except PreviewEndedError as error:
        raise HTTPException(404, str(error)) from None
    except WorkerError as error:
        raise HTTPException(503, str(error)) from None


@preview_router.delete("/{preview_id}", status_code=204, summary="Stop listening", responses=_UNKNOWN | _DEAD)
def end_preview(preview_id: str, service: TheService) -> None:
    """Another recording can be heard from now on."""
    try:
        service.preview.end(preview_id)
    except PreviewEndedError as error:
        raise HTTPException(404, str(error)) from None
    except WorkerError as error:
        raise HTTPException(503, str(error)) from None


def _answer(news: News) -> PreviewNotesAnswer:
    return PreviewNotesAnswer(
        is_ready=news.is_ready,
        heard_s=round(news.heard_s, 3),
        notes=[[*_span(one), one.number, one.velocity, one.confidence] for one in news.struck if one.number > 0],
        pedals=[[*_span(one), -one.number, one.confidence] for one in news.struck if one.number < 0],
    )


def _span(one: Struck) -> list[float | None]:
    return [round(one.onset_s, 3), None if one.offset_s is None else round(one.offset_s, 3)]
