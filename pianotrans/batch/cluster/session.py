"""The connection to a Ray cluster, without Ray's output and with its failures explained."""

import logging
import os
import socket
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pianotrans.errors import ClusterError
from pianotrans.extras import install_command
from pianotrans.processes import n_cores

LOCAL = "local"
_KNOCK_S = 10.0
_ATTEMPTS = 3  # to connect as a client
_CLIENT_PORT = 10001  # Ray's own default
_STORE_BYTES = 128 * 2**20  # results are small; by default Ray reserves a third of the memory
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # send no usage reports over the network
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # avoid a warning about a future change
}


def import_ray() -> Any:
    """Import and return the module `ray`. Raises ClusterError if it is not installed."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ModuleNotFoundError as error:
        raise ClusterError(
            f"--cluster: the module {error.name!r} is not installed. Run: {install_command('cluster')}"
        ) from error
    return ray


_SEVERAL_MACHINES = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"


class Session:
    """A connection to a cluster, open until `close`. `local` starts one that only this machine can reach."""

    def __init__(self, address: str):
        """Connect to the cluster or start it; takes a few seconds. Raises ClusterError if that fails."""
        self.ray = import_ray()
        self.address = address
        self._open = ExitStack()
        if address not in (LOCAL, "auto"):
            _knock(address)
        try:
            self._hush()
            if address == LOCAL:
                self._open.enter_context(_loopback_only())
            with warnings.catch_warnings(action="ignore"):
                self._open.callback(self.ray.shutdown)
                self._connect()
        except BaseException as error:
            self.close()
            if isinstance(error, Exception):
                raise ClusterError(f"--cluster {address}: {_told(error)}") from error
            raise

    def _connect(self) -> None:
        own = {"num_cpus": n_cores(), "include_dashboard": False, "object_store_memory": _STORE_BYTES}
        for n_left in reversed(range(_ATTEMPTS)):
            try:
                self.ray.init(
                    address=self.address,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                    **(own if self.address == LOCAL else {}),
                )
            except ConnectionAbortedError:  # the head node is too busy to start a server for this client in time
                if not n_left:
                    raise
                self.ray.shutdown()
            else:
                return

    def close(self) -> None:
        """Disconnect. Ray then ends everything that was started through this connection."""
        self._open.close()

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn errors of the connection into ClusterErrors."""
        try:
            yield
        except (ConnectionError, RuntimeError, self.ray.exceptions.RayError) as error:
            raise ClusterError(
                f"--cluster {self.address}: the connection was lost ({_first_line(error)}). "
                "When the cluster is back, run the same command again to continue."
            ) from error

    def _hush(self) -> None:
        """Discard what Ray prints about its processes. No setting stops it, and errors are raised anyway."""
        nowhere = self._open.enter_context(Path(os.devnull).open("w"))  # noqa: SIM115 - the stack closes it
        self._open.enter_context(redirect_stdout(nowhere))


@contextmanager
def _loopback_only() -> Iterator[None]:
    """Have Ray listen on the loopback interface alone, as it does where it supports no more than one machine.

    Given 127.0.0.1 as its address, Ray would replace it by an address that others can reach.
    """
    from ray._private import ray_constants  # read from the variable when Ray was imported

    before = os.environ.get(_SEVERAL_MACHINES), ray_constants.ENABLE_RAY_CLUSTER
    os.environ[_SEVERAL_MACHINES], ray_constants.ENABLE_RAY_CLUSTER = "0", False
    try:
        yield
    finally:
        variable, ray_constants.ENABLE_RAY_CLUSTER = before
        if variable is None:
            del os.environ[_SEVERAL_MACHINES]
        else:
            os.environ[_SEVERAL_MACHINES] = variable


def _knock(address: str) -> None:
    """Raise ClusterError unless a server listens at the address: Ray itself would try for a quarter of an hour."""
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        host, port = parts.hostname, parts.port or (_CLIENT_PORT if parts.scheme == "ray" else None)
    except ValueError:
        host = port = None
    if host is None or port is None or parts.scheme not in ("", "ray"):
        raise ClusterError(f"--cluster {address!r}: not an address. Use auto, local, HOST:PORT or ray://HOST:PORT.")
    try:
        socket.create_connection((host, port), timeout=_KNOCK_S).close()
    except OSError as error:
        raise ClusterError(
            f"--cluster {address}: no answer ({error.strerror or error}). Check the address, "
            "and that `ray start --head` has been run there."
        ) from error


def _told(error: Exception) -> str:
    line = _first_line(error)
    if isinstance(error, ConnectionError) and "Could not find any running" in line:
        return "no cluster runs on this machine. Run `ray start --head`, or use --cluster local."
    return f"Ray cannot connect to it ({line}). If the cluster requires a token, set RAY_AUTH_MODE=token."


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
