"""What the routes of the API share: the service, the job of an address, and the answers about jobs."""

import re
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Path, Request

from pianotrans.web.answers import problems
from pianotrans.web.job import Job, JobState
from pianotrans.web.service import Service
from pianotrans.workers.formats import FORMATS

FORMAT_PATTERN = f"^({'|'.join(map(re.escape, FORMATS))})$"
RETRY_AFTER_S = 5
ALWAYS = problems(
    _401="The token is missing or wrong.",
    _403="Unknown host name, or a request from another site's page.",
    _422="A parameter is invalid.",
)
NOT_FOUND = problems(_404="No such job.")
NOT_DONE = problems(_409="The job is not done.")
FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {row.media_type.partition(";")[0]: {} for row in FORMATS.values()}}
}


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _job(job_id: str, service: Annotated[Service, Depends(_service)]) -> Job:
    job = service.jobs.find(job_id)
    if job is None:
        raise no_such_job()
    return job


def _done_job(job: Annotated[Job, Depends(_job)]) -> Job:
    if job.state is not JobState.done:
        raise HTTPException(409, f"The job is {job.state}; only jobs that are done have results.")
    return job


def no_such_job() -> HTTPException:
    """The error response for an unknown job."""
    return HTTPException(404, "No such job. It may have been deleted.")


TheService = Annotated[Service, Depends(_service)]
TheJob = Annotated[Job, Depends(_job)]
DoneJob = Annotated[Job, Depends(_done_job)]
FormatName = Annotated[str, Path(pattern=FORMAT_PATTERN)]
