"""Every connector of an HTTP API, over real HTTP against a server that replays its answers, faults included."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from servers import ReplayServer, Reply, Request

from retrieval.connectors import Connector, Rejected, load_connector
from retrieval.errors import ConnectorError, ConnectorNotConfigured, ConnectorReply, ConnectorUnavailable
from retrieval.fetch import Fetcher, FetchSettings
from retrieval.types import Source

KEY = "kunci-rahasia"
TEXT = "Gempa bumi mengguncang Kabupaten Contoh pada Senin siang, kata petugas dalam keterangan tertulis kepada warga."


def html(title: str, date: str = "2025-06-23") -> str:
    meta = f'<meta property="article:published_time" content="{date}">' if date else ""
    return (
        f'<!doctype html><html lang="id"><head><title>{title}</title>{meta}</head><body><article><h1>{title}</h1>'
        f"<p>{title}. {TEXT}</p><p>Tidak ada korban jiwa hingga malam, dan warga sudah kembali.</p></article></body>"
    )


@dataclass(frozen=True)
class Case:
    """One connector: how it is set up, where it asks, and what the answer for some pages looks like."""

    name: str
    options: Callable[[ReplayServer], dict[str, Any]]
    path: str
    answer: Callable[[list[str]], Any]
    check: Callable[[Request], None]


def _check_factcheck(request: Request) -> None:
    assert request.param("query") == "gempa contoh"
    assert request.param("languageCode") == "id"
    assert request.headers["x-goog-api-key"] == KEY


def _check_gdelt(request: Request) -> None:
    assert request.param("query") == "gempa contoh sourcelang:indonesian"
    assert (request.param("mode"), request.param("format")) == ("artlist", "json")
    assert int(request.param("maxrecords")) <= 250


def _check_searxng(request: Request) -> None:
    assert (request.param("q"), request.param("format"), request.param("language")) == ("gempa contoh", "json", "id")


def _check_brave(request: Request) -> None:
    assert request.headers["x-subscription-token"] == KEY
    assert (request.param("q"), request.param("country")) == ("gempa contoh", "ID")
    assert request.param("search_lang") == ""
    assert int(request.param("count")) <= 20


def _check_tavily(request: Request) -> None:
    assert request.method == "POST"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.json()["query"] == "gempa contoh"
    assert request.json()["max_results"] <= 20


CASES = [
    Case(
        "factcheck",
        lambda s: {"factcheck_key": KEY, "factcheck_url": s.url("/api")},
        "/api",
        lambda urls: {
            "claims": [
                {
                    "text": "Klaim yang diperiksa",
                    "claimant": "Akun anonim",
                    "claimDate": "2025-06-20T00:00:00Z",
                    "claimReview": [
                        {
                            "publisher": {"name": "Pemeriksa Contoh", "site": "periksa.example"},
                            "url": url,
                            "title": "Periksa fakta",
                            "reviewDate": "2025-06-24T00:00:00Z",
                            "textualRating": "Salah",
                            "languageCode": "id",
                        }
                    ],
                }
                for url in urls
            ],
            "nextPageToken": "x",
        },
        _check_factcheck,
    ),
    Case(
        "gdelt",
        lambda s: {"gdelt_url": s.url("/api")},
        "/api",
        lambda urls: {
            "articles": [
                {"url": url, "title": "t", "seendate": "20250623T120000Z", "domain": "x", "language": "Indonesian"}
                for url in urls
            ]
        },
        _check_gdelt,
    ),
    Case(
        "searxng",
        lambda s: {"searxng_url": s.url("/")},
        "/search",
        lambda urls: {
            "results": [{"url": url, "title": "t", "content": "c", "engine": "e", "score": 1.0} for url in urls],
            "unresponsive_engines": [["bing", "timeout"]],
        },
        _check_searxng,
    ),
    Case(
        "brave",
        lambda s: {"brave_key": KEY, "brave_url": s.url("")},
        "/res/v1/web/search",
        lambda urls: {"web": {"results": [{"url": url, "title": "t", "page_age": "2025-06-23"} for url in urls]}},
        _check_brave,
    ),
    Case(
        "tavily",
        lambda s: {"tavily_key": KEY, "tavily_url": s.url("/api")},
        "/api",
        lambda urls: {"results": [{"url": url, "title": "t", "content": "c", "score": 0.5} for url in urls]},
        _check_tavily,
    ),
]
by_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@pytest.fixture
def fetcher(server: ReplayServer) -> Iterator[Fetcher]:
    settings = FetchSettings(hosts=(server.host,), deadline=3.0, max_wait=1.0, retries=1)
    with Fetcher(settings, sleep=lambda seconds: None) as made:
        yield made


def build(case: Case, server: ReplayServer, fetcher: Fetcher) -> Connector:
    return load_connector(case.name, fetcher=fetcher, **case.options(server))


def find(connector: Connector, **options: Any) -> tuple[list[Source], list[Rejected]]:
    found = list(connector.find("gempa contoh", **{"language": "id", **options}))
    return [f for f in found if isinstance(f, Source)], [f for f in found if isinstance(f, Rejected)]


@by_case
def test_results_are_fetched_from_their_own_publishers(case: Case, server: ReplayServer, fetcher: Fetcher) -> None:
    server.on("/a", body=html("Gempa pertama"))
    server.on("/b", body=html("Gempa kedua", date=""))
    server.on(case.path, body=case.answer([server.url("/a"), server.url("/b"), server.url("/a"), server.url("/gone")]))
    sources, rejected = find(build(case, server, fetcher))
    case.check(server.to(case.path)[0])
    assert {source.title for source in sources} == {"Gempa pertama", "Gempa kedua"}
    assert all(TEXT in source.text for source in sources)
    assert [bad.where for bad in rejected] == [server.url("/gone")]
    assert rejected[0].reason == "answers 404"
    assert len(server.to("/a")) == 1
    dates = {source.title: source.published_at for source in sources}
    # A search engine's date is a rumour; only the register of fact-checks has its publishers' own.
    assert dates == {
        "Gempa pertama": "2025-06-23",
        "Gempa kedua": "2025-06-24T00:00:00Z" if case.name == "factcheck" else None,
    }


@by_case
def test_limit(case: Case, server: ReplayServer, fetcher: Fetcher) -> None:
    urls = [server.url(f"/{n}") for n in range(6)]
    for n in range(6):
        server.on(f"/{n}", body=html(f"Gempa nomor {n}"))
    server.on(case.path, body=case.answer(urls))
    sources, rejected = find(build(case, server, fetcher), limit=2)
    assert (len(sources), rejected) == (2, [])


@by_case
def test_no_results(case: Case, server: ReplayServer, fetcher: Fetcher) -> None:
    for answer in ({}, case.answer([])):
        server.on(case.path, body=answer if case.name != "searxng" else {"results": []})
        assert find(build(case, server, fetcher)) == ([], [])


FAULTS: list[tuple[str, Reply, type[ConnectorError]]] = [
    ("429", Reply(429, headers={"Retry-After": "3600"}), ConnectorUnavailable),
    ("429 without a time", Reply(429), ConnectorUnavailable),
    ("500", Reply(500, body="oops"), ConnectorUnavailable),
    ("503", Reply(503, headers={"Retry-After": "60"}), ConnectorUnavailable),
    ("401", Reply(401, body={"error": "key"}), ConnectorUnavailable),
    ("403", Reply(403), ConnectorUnavailable),
    ("404", Reply(404), ConnectorUnavailable),
    ("slow", Reply(body={}, delay=3), ConnectorUnavailable),
    ("trickling", Reply(pieces=[b"{"] * 100, pause=0.05, content_type="application/json"), ConnectorUnavailable),
    ("cut off", Reply(body=b'{"articles": [', promise=500, content_type="application/json"), ConnectorUnavailable),
    ("redirect to a private host", Reply(302, headers={"Location": "http://10.0.0.1/"}), ConnectorUnavailable),
    ("half a document", Reply(body=b'{"articles": [', content_type="application/json"), ConnectorReply),
    ("plain words", Reply(body=b"Your query was too short", content_type="text/html"), ConnectorReply),
    ("nothing", Reply(body=b"", content_type="application/json"), ConnectorReply),
    ("a list", Reply(body=[1, 2]), ConnectorReply),
    ("a number", Reply(body=7), ConnectorReply),
    ("null", Reply(body=None), ConnectorReply),
    ("endless nesting", Reply(body=b"[" * 100_000, content_type="application/json"), ConnectorReply),
    ("a picture", Reply(body=b"\x89PNG", content_type="image/png"), ConnectorReply),
]


@by_case
@pytest.mark.parametrize(("fault", "reply", "error"), FAULTS, ids=[fault for fault, _, _ in FAULTS])
def test_faults_are_named(
    case: Case, server: ReplayServer, fault: str, reply: Reply, error: type[ConnectorError]
) -> None:
    server.on(case.path, reply)
    settings = FetchSettings(hosts=(server.host,), deadline=0.4, max_wait=0.2, retries=0)
    with Fetcher(settings, sleep=lambda seconds: None) as fetcher, pytest.raises(error) as caught:
        find(build(case, server, fetcher))
    message = str(caught.value)
    assert message.startswith(case.name)
    assert KEY not in message
    assert "\n" not in message


ODD: list[Any] = [
    {"claims": 5, "articles": "x", "results": {"a": 1}, "web": []},
    {"claims": [None, 3, "x"], "articles": [None, []], "results": [7, None], "web": {"results": [None]}},
    {
        "claims": [
            {"claimReview": [{"url": 5, "publisher": "x", "reviewDate": []}, {"url": None}, {}]},
            {"claimReview": 3},
        ],
        "articles": [{"url": None}, {"url": ["x"]}, {}],
        "results": [{"url": {}}, {"url": False}],
        "web": {"results": [{"url": 1.5}, {"title": "t"}]},
    },
]


@by_case
@pytest.mark.parametrize("odd", ODD)
def test_fields_of_the_wrong_type_are_passed_over(case: Case, server: ReplayServer, fetcher: Fetcher, odd: Any) -> None:
    server.on(case.path, body=odd)
    sources, rejected = find(build(case, server, fetcher))
    assert sources == []
    assert all(bad.where in ("5", "1.5") for bad in rejected)


@by_case
def test_a_result_that_points_inside_is_refused(case: Case, server: ReplayServer, fetcher: Fetcher) -> None:
    inside = ["http://127.0.0.1:1/x", "http://169.254.169.254/latest", "file:///etc/passwd", "http://10.0.0.1/"]
    server.on(case.path, body=case.answer(inside))
    sources, rejected = find(build(case, server, fetcher), limit=10)
    assert sources == []
    assert len(rejected) == 4


@pytest.mark.parametrize("name", ["factcheck", "searxng", "brave", "tavily"])
def test_what_is_not_set_up_says_what_to_set(name: str, fetcher: Fetcher) -> None:
    with pytest.raises(ConnectorNotConfigured, match=f"SARING_{name.upper()}_"):
        load_connector(name, fetcher=fetcher)


def test_a_fact_check_keeps_claim_and_rating_beside_its_text(server: ReplayServer, fetcher: Fetcher) -> None:
    case = CASES[0]
    server.on("/a", body=html("Periksa fakta gempa"))
    server.on("/api", body=case.answer([server.url("/a")]))
    [source], _ = find(build(case, server, fetcher))
    assert source.extra["claim_review"]["rating"] == "Salah"
    assert source.extra["claim_review"]["claimant"] == "Akun anonim"
    assert (source.publisher, source.publisher_type) == ("Pemeriksa Contoh", "fact_checker")
    assert "Salah" not in source.text


def test_searxng_says_why_it_refuses_json(server: ReplayServer, fetcher: Fetcher) -> None:
    server.on("/search", Reply(403))
    with pytest.raises(ConnectorUnavailable, match=r"settings\.yml"):
        find(load_connector("searxng", fetcher=fetcher, searxng_url=server.url("/search")))


def test_searxng_whose_engines_are_all_silent_is_not_an_empty_answer(server: ReplayServer, fetcher: Fetcher) -> None:
    server.on("/search", body={"results": [], "unresponsive_engines": [["google", "CAPTCHA"], ["bing", "timeout"]]})
    with pytest.raises(ConnectorUnavailable, match="google, bing"):
        find(load_connector("searxng", fetcher=fetcher, searxng_url=server.url()))


def test_gdelt_json_with_control_characters_is_read(server: ReplayServer, fetcher: Fetcher) -> None:
    body = json.dumps(CASES[1].answer([server.url("/a")])).replace('"title": "t"', '"title": "t\x01\tx"')
    server.on("/api", body=body, content_type="text/html; charset=utf-8")
    server.on("/a", body=html("Gempa"))
    assert len(find(build(CASES[1], server, fetcher))[0]) == 1


def test_gdelt_operators_in_a_claim_are_words(server: ReplayServer, fetcher: Fetcher) -> None:
    server.on("/api", body={})
    list(build(CASES[1], server, fetcher).find('domainis:x.com (gempa OR "bumi")'))
    assert server.requests[-1].param("query") == "domainis x com gempa OR bumi"


def test_brave_query_is_cut_to_what_it_takes(server: ReplayServer, fetcher: Fetcher) -> None:
    server.on("/res/v1/news/search", body={"results": [{"url": server.url("/a")}]})
    server.on("/a", body=html("Gempa"))
    connector = load_connector("brave", fetcher=fetcher, brave_key=KEY, brave_url=server.url(""), kind="news")
    assert [s.title for s in connector.find("x" * 999)] == ["Gempa"]  # type: ignore[union-attr]
    assert len(server.to("/res/v1/news/search")[0].param("q")) == 400
