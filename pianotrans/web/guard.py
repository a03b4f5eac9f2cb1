"""Access control: every request is checked here before routing, and every response gets security headers."""

import hmac
import ipaddress
import secrets
import socket
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HARMLESS = {"GET", "HEAD", "OPTIONS"}
_TRUSTED_SITES = {None, "same-origin", "none"}  # of Sec-Fetch-Site; None: not a browser, or an old one

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Access:
    """Who may use the server.

    Args:
        is_loopback: whether only this machine can reach the server.
        names: host names that the server accepts, besides those of this machine.
        token: required with every request; None: no token is needed.
    """

    is_loopback: bool = True
    names: frozenset[str] = frozenset()
    token: str | None = None

    def knows_host(self, host: str) -> bool:
        """Whether a Host header names this server; an unknown name indicates a request by a foreign page.

        An attacker can point their own host name at this server (DNS rebinding), but not an address.
        """
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        if name == "localhost" or name in self.names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            own = socket.gethostname().lower()
            return not self.is_loopback and name in (own, f"{own}.local")
        return address.is_loopback or not self.is_loopback

    def knows_token(self, given: str | None) -> bool:
        """Whether this is the token; compares in constant time."""
        if self.token is None:
            return True
        return given is not None and secrets.compare_digest(given.encode(), self.token.encode())

    @property
    def session(self) -> str:
        """What the cookie of a page holds in place of the token, which cannot be told from it."""
        return hmac.digest((self.token or "").encode(), b"pianotrans session", "sha256").hex()

    def knows_session(self, given: str) -> bool:
        """Whether a cookie holds the session; compares in constant time."""
        return secrets.compare_digest(given.encode(), self.session.encode())


class Guard:
    """ASGI middleware: refuses what `Access` does not allow, and adds security headers to every response."""

    def __init__(self, app: ASGIApp, access: Access):
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        answer = self._refusal(scope) or self._welcome(scope)
        await (answer or self._app)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1:
            return _refuse(400, "A request needs one header Host.")
        (host,) = hosts
        if not self._access.knows_host(host):
            return _refuse(403, f"Unknown host name {host!r}. Start the server with --allow-host and this name.")
        if not _is_of_this_page(scope, headers, host):
            return _refuse(403, "Requests from pages of other servers are not allowed.")
        if not self._is_known(scope, headers):
            return _refuse(
                401,
                "A token is required. Open the address that `pianotrans serve` has printed, or send the header "
                "Authorization: Bearer TOKEN.",
                {"WWW-Authenticate": "Bearer"},
            )
        return None

    def _is_known(self, scope: Scope, headers: Headers) -> bool:
        token = _token(scope, headers)
        if token is None and self._access.token is not None:
            return any(map(self._access.knows_session, _cookies(headers, _cookie_name(scope))))
        return self._access.knows_token(token)

    def _welcome(self, scope: Scope) -> Response | None:
        """The response to an address with the token: sets a cookie in its place.

        The page follows by a reload instead of a redirect: after a link from another site, browsers do not send a
        SameSite=Strict cookie with a redirected request.
        """
        if self._access.token is None or _token_in_query(scope) is None:
            return None
        response = HTMLResponse("<!DOCTYPE html><title>pianotrans</title>", headers={"Refresh": "0; url=/"})
        response.set_cookie(_cookie_name(scope), self._access.session, httponly=True, samesite="strict", path="/")
        return response


def _is_of_this_page(scope: Scope, headers: Headers, host: str) -> bool:
    """Whether a request comes from this server's own page or from no page; links to the page are always allowed."""
    if scope["method"] in _HARMLESS and not scope["path"].startswith("/api"):
        return True
    if headers.get("sec-fetch-site") not in _TRUSTED_SITES:
        return False
    return headers.get("origin") in (None, f"http://{host}", f"https://{host}")


def _token(scope: Scope, headers: Headers) -> str | None:
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return token.strip()
    return _token_in_query(scope)


def _cookies(headers: Headers, name: str) -> list[str]:
    """The values of all cookies with a name. Those of other servers on this host may hold anything."""
    pairs = (pair.partition("=") for header in headers.getlist("cookie") for pair in header.split(";"))
    return [value.strip() for key, _, value in pairs if key.strip() == name]


def _cookie_name(scope: Scope) -> str:
    """A name with the port: browsers send cookies to all servers of a machine, whatever their ports."""
    return f"pianotrans-{scope['server'][1]}"


def _token_in_query(scope: Scope) -> str | None:
    """The token in the page's address. Other addresses must not have one: it would appear in logs and histories."""
    if scope["path"] != "/":
        return None
    given = parse_qs(scope["query_string"].decode("latin-1")).get("token")
    return given[0] if given else None


def _refuse(code: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"detail": detail}, code, headers)
