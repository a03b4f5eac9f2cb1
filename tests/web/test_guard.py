"""Who is let in."""

from pathlib import Path
from typing import Any

import pytest

from pianotrans.web.guard import Access

from .making import Site, serving

TOKEN = "a-secret-that-nobody-knows"


@pytest.mark.parametrize(
    ("host", "at_home", "abroad"),
    [
        ("127.0.0.1:8765", True, True),
        ("127.0.0.1", True, True),
        ("localhost:9000", True, True),  # a tunnel may lead here from any port
        ("LOCALHOST.", True, True),
        ("[::1]:8765", True, True),
        ("127.3.2.1", True, True),
        ("piano.example:443", True, True),  # named by --allow-host
        ("192.168.1.7:8765", False, True),
        ("[fe80::1]:8765", False, True),
        ("studio:8765", False, True),
        ("studio.local", False, True),
        ("evil.example", False, False),
        ("127.0.0.1.evil.example", False, False),
        ("localhost.evil.example", False, False),
        ("evil.example@127.0.0.1.nip.io", False, False),
        ("", False, False),
        ("[::1", False, False),
        ("[]", False, False),
    ],
)
def test_names_of_the_server(host: str, at_home: bool, abroad: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("socket.gethostname", lambda: "Studio")
    names = frozenset({"piano.example"})
    assert Access(True, names).knows_host(host) == at_home
    assert Access(False, names, TOKEN).knows_host(host) == abroad


def test_tokens():
    access = Access(False, token=TOKEN)
    assert access.knows_token(TOKEN)
    assert not any(access.knows_token(given) for given in (None, "", TOKEN[:-1], TOKEN.upper(), "é"))
    assert Access().knows_token(None)


@pytest.fixture(scope="module")
def open_site(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with serving(tmp_path_factory.mktemp("open")) as site:
        yield site


@pytest.fixture(scope="module")
def closed_site(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with serving(tmp_path_factory.mktemp("closed"), access=Access(False, token=TOKEN)) as site:
        yield site


@pytest.mark.parametrize("path", ["/", "/api/jobs", "/assets/page.html", "/api/openapi.json", "/nowhere"])
def test_nobody_comes_in_by_another_name(open_site: Site, path: str):
    answer = open_site.client.get(path, headers={"Host": "evil.example"})
    assert answer.status_code == 403
    assert answer.json() == {
        "detail": "Unknown host name 'evil.example'. Start the server with --allow-host and this name."
    }


FOREIGN = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},  # a sandboxed frame: our own reports
    {"Origin": "http://127.0.0.1:1"},  # another server of this machine
    {"Origin": "https://localhost"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_other_pages_can_change_nothing(open_site: Site, headers: dict[str, str]):
    job = open_site.done()
    for method, path in [
        ("POST", "/api/jobs?name=x.mp3"),
        ("POST", f"/api/jobs/{job['id']}/cancel"),
        ("DELETE", f"/api/jobs/{job['id']}"),
        ("GET", "/api/archive"),
    ]:
        answer = open_site.client.request(method, path, headers=headers, content=b"x")
        assert (answer.status_code, answer.json()["detail"]) == (
            403,
            "Requests from pages of other servers are not allowed.",
        )
    assert open_site.job(job["id"]) == job


def test_links_from_elsewhere_lead_to_the_page(open_site: Site):
    assert open_site.client.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_its_own_page_may_post(open_site: Site):
    origin = str(open_site.client.base_url).rstrip("/")
    headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
    assert open_site.post(headers=headers).status_code == 201


@pytest.mark.parametrize("path", ["/", "/api/jobs", "/api/events", "/assets/page.html", "/api/openapi.json"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer"},
        {"Cookie": "pianotrans=wrong"},
        {"Cookie": "pianotrans"},
        {"Cookie": 'a=";;;\\'},
    ],
    ids=str,
)
def test_without_the_token_there_is_nothing(closed_site: Site, path: str, headers: dict[str, str]):
    answer = closed_site.client.get(path, headers=headers)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.json()["detail"].startswith("A token is required. Open the address")


@pytest.mark.parametrize("path", ["/api/jobs", "/assets/page.html"])
def test_the_token_is_not_taken_from_the_address_elsewhere(closed_site: Site, path: str):
    assert closed_site.client.get(f"{path}?token={TOKEN}").status_code == 401
    assert closed_site.client.get("/?token=wrong").status_code == 401


def test_the_token_of_programs(closed_site: Site):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert closed_site.post(headers=headers).status_code == 201
    assert closed_site.post().status_code == 401


def test_the_token_of_the_page(closed_site: Site):
    welcome = closed_site.client.get("/", params={"token": TOKEN})
    assert welcome.status_code == 200
    assert welcome.headers["Refresh"] == "0; url=/"
    cookie = welcome.headers["Set-Cookie"]
    port = closed_site.client.base_url.port
    pair, _, attributes = cookie.partition("; ")
    assert attributes == "HttpOnly; Path=/; SameSite=strict"
    assert pair.startswith(f"pianotrans-{port}=")
    assert TOKEN not in str(welcome.headers)
    headers = {"Cookie": pair}
    closed_site.client.cookies.clear()
    assert closed_site.client.get("/", headers=headers).status_code == 200
    assert closed_site.client.get("/api/jobs", headers=headers).status_code == 200
    assert closed_site.client.get("/api/jobs").status_code == 401
    session = pair.partition("=")[2]
    assert closed_site.client.get("/api/jobs", headers={"Authorization": f"Bearer {session}"}).status_code == 401
    assert closed_site.client.get("/", params={"token": session}).status_code == 401
    assert closed_site.client.get("/", headers={"Cookie": f"pianotrans-{port}={TOKEN}"}).status_code == 401


@pytest.mark.parametrize(
    "others",
    [
        'g_state={"i_l":0}; %s',
        'g_state={"i_l":0}; a="; %s; b=\\',
        "%s; x=ä; =; ;; novalue",
        "PORT=wrong; %s",
        "path=/,; expires=Thu; %s",
    ],
)
def test_cookies_of_other_servers_do_not_matter(closed_site: Site, others: str):
    welcome = closed_site.client.get("/", params={"token": TOKEN})
    closed_site.client.cookies.clear()
    pair = welcome.headers["Set-Cookie"].partition(";")[0]
    cookies = others.replace("PORT", pair.partition("=")[0]) % pair
    assert closed_site.client.get("/api/jobs", headers={"Cookie": cookies.encode()}).status_code == 200
    for wrong in (cookies.replace(pair, pair[:-1]), cookies.replace(pair, f"x{pair}")):
        assert closed_site.client.get("/api/jobs", headers={"Cookie": wrong.encode()}).status_code == 401


def test_every_answer_takes_its_policy_along(open_site: Site, closed_site: Site):
    for site, path, code in [
        (open_site, "/", 200),
        (open_site, "/api/jobs", 200),
        (open_site, "/nowhere", 404),
        (open_site, "/api/archive?format=x", 422),
        (closed_site, "/", 401),
    ]:
        answer = site.client.get(path)
        assert answer.status_code == code
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "server" not in answer.headers


def test_the_page_and_its_files(open_site: Site, tmp_path: Path):
    page = open_site.client.get("/")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert open_site.client.get("/assets/page.html").content == page.content
    shared = open_site.client.get("/assets/shared/theme.js")
    assert shared.headers["Content-Type"] == "text/javascript; charset=utf-8"
    for name in (
        "..%2fapp.py",
        "%2e%2e/app.py",
        "../app.py",
        "nothing.js",
        "",
        "page.html%00.js",
        "shared/",
        "shared/../../report.html",
    ):
        assert open_site.client.get(f"/assets/{name}").status_code == 404
