"""Who may ask: every request passes here before any route is looked at, and every answer takes its policy along."""

import ipaddress
import secrets
import socket
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
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
    """Who is let in.

    Args:
        is_loopback: only this machine can reach the server.
        names: hosts it may be called by, besides those of this machine.
        token: to be shown with every request; None: everybody who reaches the server may use it.
    """

    is_loopback: bool = True
    names: frozenset[str] = frozenset()
    token: str | None = None

    def knows_host(self, host: str) -> bool:
        """Whether a Host header names this server. A foreign name would mean that a foreign page asks.

        An attacker may have a name of their own lead here (DNS rebinding), but not an address.
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
        """Whether this is the token, in a time that tells nothing of it."""
        if self.token is None:
            return True
        return given is not None and secrets.compare_digest(given.encode(), self.token.encode())


class Guard:
    """ASGI middleware: refuses whom `Access` does not let in, and sends security headers with every answer."""

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
        host = headers.get("host", "")
        if not self._access.knows_host(host):
            return _refuse(403, f"This server is not called {host!r}. Start it with --allow-host for that name.")
        if not _is_of_this_page(scope, headers, host):
            return _refuse(403, "Pages of other servers may not ask this one for anything.")
        if not self._access.knows_token(_token(scope, headers)):
            return _refuse(
                401,
                "A token is needed: open the address that `pianotrans serve` has printed, or send the header "
                "Authorization: Bearer TOKEN.",
                {"WWW-Authenticate": "Bearer"},
            )
        return None

    def _welcome(self, scope: Scope) -> Response | None:
        """To whom comes with the token in the address: a cookie instead of it.

        The page itself follows by a reload, not by a redirect: browsers do not send a cookie as strict as this one
        where a link from elsewhere has led.
        """
        token = self._access.token
        if token is None or _token_in_query(scope) is None:
            return None
        response = HTMLResponse("<!DOCTYPE html><title>pianotrans</title>", headers={"Refresh": "0; url=/"})
        response.set_cookie(_cookie_name(scope), token, httponly=True, samesite="strict", path="/")
        return response


def _is_of_this_page(scope: Scope, headers: Headers, host: str) -> bool:
    """Whether a request comes from this server's own page, or from no page. Links to the page may be anywhere."""
    if scope["method"] in _HARMLESS and not scope["path"].startswith("/api"):
        return True
    if headers.get("sec-fetch-site") not in _TRUSTED_SITES:
        return False
    return headers.get("origin") in (None, f"http://{host}", f"https://{host}")


def _token(scope: Scope, headers: Headers) -> str | None:
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return token.strip()
    if (token_in_query := _token_in_query(scope)) is not None:
        return token_in_query
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(_cookie_name(scope))
    except CookieError:
        return None
    return None if cookie is None else cookie.value


def _cookie_name(scope: Scope) -> str:
    """Browsers send the cookies of one server to all others of the same machine, whatever the port."""
    return f"pianotrans-{scope['server'][1]}"


def _token_in_query(scope: Scope) -> str | None:
    """Only in the address of the page: elsewhere it would end up in logs and histories."""
    if scope["path"] != "/":
        return None
    given = parse_qs(scope["query_string"].decode("latin-1")).get("token")
    return given[0] if given else None


def _refuse(code: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"detail": detail}, code, headers)
