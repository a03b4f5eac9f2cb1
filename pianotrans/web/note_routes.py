"""The part of the API that tells the notes of a recording while it is being transcribed."""

from typing import Annotated

from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse

from pianotrans.web.answers import NotesAnswer
from pianotrans.web.dependencies import ALWAYS, NOT_FOUND, TheJob, TheService
from pianotrans.web.events import note_events, notes_json
from pianotrans.web.live import Bookmark

note_router = APIRouter(prefix="/api/jobs/{job_id}/notes", responses=ALWAYS)


@note_router.get("", summary="Get the notes so far", responses=NOT_FOUND | {200: {"model": NotesAnswer}})
def get_notes(job: TheJob, service: TheService) -> Response:
    """What is decided of a recording while it is being transcribed, before any clean-up.

    There is nothing before the job runs, and nothing after it has ended: its files have the notes then.
    """
    return Response(notes_json(service.live.since(job.id)), media_type="application/json")


@note_router.get(
    "/events",
    summary="Listen for notes",
    response_class=StreamingResponse,
    responses=NOT_FOUND | {200: {"description": "Server-sent events.", "content": {"text/event-stream": {}}}},
)
async def get_note_events(
    job: TheJob,
    service: TheService,
    last_event_id: Annotated[
        str | None, Header(description="The id of the last event that was heard; the next one goes on from there.")
    ] = None,
) -> StreamingResponse:
    """`event: notes` with the notes since the last one, the first with all so far; `event: end` with the state.

    `is_whole` is true when the notes so far begin anew, as they do with the job.
    """
    stream = note_events(service, job.id, Bookmark.parse(last_event_id))
    return StreamingResponse(stream, media_type="text/event-stream")
