"""The program that playwright starts as its Firefox: it starts Debian's, and stands between the two.

They speak WebDriver BiDi, which is JSON over a websocket. The relay mends what keeps playwright from driving it:

* Playwright gives every window a colour scheme by a command that this Firefox does not know. The relay answers it.
* Downloads of what a page has made itself have no number. The relay numbers them.
* Playwright has no fingers here. A second client may send commands of its own, with numbers from `GUEST_ID` on. It
  finds the relay's address in a file.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve

GUEST_ID = 10**9
_LISTENING = "WebDriver BiDi listening on "  # and the address: playwright waits for this line
_UNKNOWN = "emulation.setMediaFeaturesOverride"
_PLAIN: dict[str, Any] = {"max_size": None, "compression": None}


class _Relay:
    """Between its clients, the first of which is playwright, and Firefox."""

    def __init__(self, address: str):
        self._address = address
        self._clients: list[ServerConnection] = []
        self._firefox: ClientConnection | None = None
        self._n_downloads = 0

    async def serve(self, client: ServerConnection) -> None:
        self._clients.append(client)
        if self._firefox is not None:
            await self._ask(client, self._firefox)
            return
        async with connect(self._address, **_PLAIN) as firefox:
            self._firefox = firefox
            await asyncio.gather(self._ask(client, firefox), self._answer(firefox))

    async def _ask(self, client: ServerConnection, firefox: ClientConnection) -> None:
        async for text in client:
            command = json.loads(text)
            if command["method"] == _UNKNOWN:
                await client.send(json.dumps({"type": "success", "id": command["id"], "result": {}}))
            else:
                await firefox.send(text)

    async def _answer(self, firefox: ClientConnection) -> None:
        async for text in firefox:
            message = json.loads(text)
            is_guests = (message.get("id") or 0) >= GUEST_ID
            await self._clients[-1 if is_guests else 0].send(self._numbered(text, message))

    def _numbered(self, text: str | bytes, message: dict[str, Any]) -> str | bytes:
        kind = message.get("method")
        if kind not in ("browsingContext.downloadWillBegin", "browsingContext.downloadEnd"):
            return text
        self._n_downloads += kind.endswith("Begin")  # one after the other
        message["params"]["download"] = f"download {self._n_downloads}"
        return json.dumps(message)


async def _run(address_file: str, program: str, *arguments: str) -> None:
    firefox = await asyncio.create_subprocess_exec(program, *arguments, stderr=asyncio.subprocess.PIPE)
    assert firefox.stderr is not None
    async for line in firefox.stderr:
        _, is_listening, address = line.decode().strip().partition(_LISTENING)
        if is_listening:
            break
    else:
        sys.exit(await firefox.wait())
    async with serve(_Relay(f"{address}/session").serve, "127.0.0.1", 0, **_PLAIN) as server:
        here = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        Path(address_file).write_text(here)
        sys.stderr.write(f"{_LISTENING}{here}\n")
        sys.stderr.flush()
        async for _ in firefox.stderr:  # until it ends
            pass


if __name__ == "__main__":
    asyncio.run(_run(*sys.argv[1:]))
