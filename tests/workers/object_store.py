"""An object store that speaks S3, on this machine: `moto`'s server in a thread."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import Request, urlopen

import fsspec

ACCESS = {
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "us-east-1",
    "NO_PROXY": "127.0.0.1",
}


@contextmanager
def object_store() -> Iterator[dict[str, str]]:
    """The environment by which the store is found; it holds an empty bucket of the name `bucket`."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        environment = ACCESS | {"AWS_ENDPOINT_URL": f"http://{host}:{port}"}
        reset = Request(f"{environment['AWS_ENDPOINT_URL']}/moto-api/reset", method="POST")
        with urlopen(reset):  # what is in it lives as long as the process, whichever server showed it
            pass
        store(environment).mkdir("bucket")
        yield environment
    finally:
        server.stop()


def store(environment: dict[str, str]) -> fsspec.AbstractFileSystem:
    """The store as a test looks at it: without remembering anything."""
    return fsspec.filesystem(
        "s3",
        key=environment["AWS_ACCESS_KEY_ID"],
        secret=environment["AWS_SECRET_ACCESS_KEY"],
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        use_listings_cache=False,
        skip_instance_cache=True,
    )
