"""The connectors that read what is addressed: pages, feeds, Wikipedia, the Wayback Machine; and the runner of all."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from servers import ReplayServer, Reply, Request

import retrieval.connectors as connectors
from retrieval.connectors import Rejected, connector_names, load_connector
from retrieval.connectors.archive import archived_copies
from retrieval.connectors.feed import read_feed
from retrieval.connectors.run import collect, make_fetcher, options_from_environment
from retrieval.connectors.wayback import WaybackConnector
from retrieval.errors import ConnectorReply, ConnectorUnavailable, InputError
from retrieval.fetch import Fetcher, FetchSettings
from retrieval.ids import source_id
from retrieval.queries import SearchQuery
from retrieval.types import Source

TEXT = "Gempa bumi mengguncang Kabupaten Contoh pada Senin siang, kata petugas dalam keterangan tertulis kepada warga."


def html(title: str, date: str = "2025-06-23") -> str:
    meta = f'<meta property="article:published_time" content="{date}">' if date else ""
    return (
        f'<!doctype html><html lang="id"><head><title>{title}</title>{meta}</head><body><article><h1>{title}</h1>'
        f"<p>{title}. {TEXT}</p><p>Tidak ada korban jiwa hingga malam, dan warga sudah kembali.</p></article></body>"
    )


def settings(server: ReplayServer, **changed: Any) -> FetchSettings:
    return FetchSettings(**{"hosts": (server.host,), "deadline": 5.0, "max_wait": 1.0, "retries": 0, **changed})


@pytest.fixture
def fetcher(server: ReplayServer, tmp_path: Path) -> Iterator[Fetcher]:
    with Fetcher(settings(server, cache_dir=tmp_path / "http"), sleep=lambda seconds: None) as made:
        yield made


# --- url --------------------------------------------------------------------------------------------------------------


def test_url(server: ReplayServer, fetcher: Fetcher) -> None:
    server.on("/a", body=html("Gempa"))
    [source] = load_connector("url", fetcher=fetcher).find(server.url("/a"))
    assert isinstance(source, Source)
    assert (source.title, source.url, source.id) == ("Gempa", server.url("/a"), source_id(server.url("/a"), ""))


@pytest.mark.parametrize(
    ("path", "reply", "reason"),
    [
        ("/x", Reply(404), "answers 404"),
        ("/x", Reply(body=b"\0\x01" * 99, content_type="application/octet-stream"), "octet-stream"),
        ("/x", Reply(body="<html><body></body></html>"), "no readable text"),
        ("/x", Reply(body=b"%PDF-1.4 nonsense", content_type="application/pdf"), "PDF"),
    ],
)
def test_a_page_that_cannot_be_used_is_rejected_with_its_reason(
    server: ReplayServer, fetcher: Fetcher, path: str, reply: Reply, reason: str
) -> None:
    server.on(path, reply)
    [bad] = load_connector("url", fetcher=fetcher).find(server.url(path))
    assert isinstance(bad, Rejected)
    assert bad.where == server.url(path)
    assert reason in bad.reason


def test_robots_are_kept_to(server: ReplayServer, fetcher: Fetcher) -> None:
    server.on("/robots.txt", body="User-agent: *\nDisallow: /\n")
    [bad] = load_connector("url", fetcher=fetcher).find(server.url("/a"))
    assert isinstance(bad, Rejected)
    assert "robots.txt" in bad.reason
    assert server.to("/a") == []


def test_what_is_no_url_is_an_input_error(fetcher: Fetcher) -> None:
    for what in ("gempa cianjur", "file:///etc/passwd", "http://u:p@example.com/"):
        with pytest.raises(InputError):
            list(load_connector("url", fetcher=fetcher).find(what))
    [bad] = load_connector("url", fetcher=fetcher).find("http://10.0.0.1/")
    assert "not a public address" in bad.reason  # type: ignore[union-attr]


# --- feeds ------------------------------------------------------------------------------------------------------------


def rss(server: ReplayServer, *paths: str, date: str = "Mon, 23 Jun 2025 19:04:00 +0700") -> str:
    items = "".join(
        f"<item><title>Butir {path}</title><link>{server.url(path)}</link><pubDate>{date}</pubDate></item>"
        for path in paths
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Kabar</title>{items}</channel></rss>'


def atom(server: ReplayServer, *paths: str) -> str:
    items = "".join(
        f'<entry><title>Butir</title><id>{server.url(path)}</id><link href="{path}"/>'
        "<updated>2025-06-23T12:04:00Z</updated></entry>"
        for path in paths
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Kabar</title>{items}</feed>'


@pytest.mark.parametrize("make", [rss, atom], ids=["rss", "atom"])
def test_feed_items_are_fetched(server: ReplayServer, fetcher: Fetcher, make: Any) -> None:
    server.on("/feed", body=make(server, "/a", "/b", "/gone"), content_type="application/rss+xml")
    server.on("/a", body=html("Gempa pertama"))
    server.on("/b", body=html("Gempa kedua", date=""))
    found = list(load_connector("feed", fetcher=fetcher).find(server.url("/feed")))
    sources = {f.title: f for f in found if isinstance(f, Source)}
    assert set(sources) == {"Gempa pertama", "Gempa kedua"}
    assert sources["Gempa pertama"].published_at == "2025-06-23"
    assert sources["Gempa kedua"].published_at is not None  # the feed is the publisher's own word
    assert sources["Gempa kedua"].published_at.startswith("2025-06-23T")
    assert sources["Gempa kedua"].extra["feed"] == server.url("/feed")
    assert [f.where for f in found if isinstance(f, Rejected)] == [server.url("/gone")]


def test_feed_limit_and_language_of_types(server: ReplayServer, fetcher: Fetcher) -> None:
    paths = [f"/{n}" for n in range(5)]
    for path in paths:
        server.on(path, body=html(f"Gempa {path}"))
    server.on("/feed", body=rss(server, *paths), content_type="text/html")  # as some servers have it
    assert len(list(load_connector("feed", fetcher=fetcher).find(server.url("/feed"), limit=2))) == 2


def test_an_unchanged_feed_lists_nothing_when_watched(server: ReplayServer, fetcher: Fetcher) -> None:
    def answer(request: Request) -> Reply:
        if request.headers.get("if-none-match") == '"1"':
            return Reply(304)
        return Reply(body=rss(server, "/a"), content_type="application/rss+xml", headers={"ETag": '"1"'})

    server.on("/feed", answer)
    assert len(read_feed(fetcher, server.url("/feed"), skip_unchanged=True).links) == 1
    again = read_feed(fetcher, server.url("/feed"), skip_unchanged=True)
    assert (again.not_modified, again.links) == (True, ())
    assert len(read_feed(fetcher, server.url("/feed")).links) == 1


def test_a_ragged_feed_is_read_as_far_as_it_goes(server: ReplayServer, fetcher: Fetcher) -> None:
    ragged = rss(server, "/a").replace("</channel></rss>", "<item><title>Potong & putus")
    server.on("/feed", body=ragged, content_type="application/xml")
    assert read_feed(fetcher, server.url("/feed")).links[0].url == server.url("/a")


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(404), ConnectorUnavailable),
        (Reply(500), ConnectorUnavailable),
        (Reply(429, headers={"Retry-After": "999"}), ConnectorUnavailable),
        (Reply(body=b"<rss><channel>", promise=900, content_type="text/xml"), ConnectorUnavailable),
        (Reply(body=html("Gempa")), ConnectorReply),
        (Reply(body=b"{}", content_type="text/plain"), ConnectorReply),
        (Reply(body=b"", content_type="text/xml"), ConnectorReply),
        (
            Reply(body=b'<!DOCTYPE r [<!ENTITY x "y">]><rss version="2.0"><channel/></rss>', content_type="text/xml"),
            ConnectorReply,
        ),
    ],
)
def test_a_feed_that_fails_is_named(server: ReplayServer, fetcher: Fetcher, reply: Reply, error: Any) -> None:
    server.on("/feed", reply)
    with pytest.raises(error):
        list(load_connector("feed", fetcher=fetcher).find(server.url("/feed")))


def test_state_media_are_tagged(server: ReplayServer, fetcher: Fetcher) -> None:
    from retrieval.extract import extract_bytes

    source = extract_bytes(html("Gempa").encode(), url="https://tass.com/politics/1", content_type="text/html")
    assert (source.publisher, source.publisher_type, source.extra["state_affiliated"]) == ("TASS", "state_media", True)


# --- Wikipedia --------------------------------------------------------------------------------------------------------


def wikipedia(server: ReplayServer, *, rest: Any = None, extract: Any = TEXT, search: Any = None) -> None:
    pages = [{"id": 1, "key": "Gempa_Contoh", "title": "Gempa Contoh", "excerpt": "<b>gempa</b>"}]
    server.on("/id/w/rest.php/v1/search/page", rest or Reply(body={"pages": pages}))

    def action(request: Request) -> Reply:
        if request.param("list") == "search":
            return Reply(body=search or {"query": {"search": [{"pageid": 1, "title": "Gempa Contoh"}]}})
        assert request.param("titles") == "Gempa Contoh"
        assert request.param("explaintext") == "1"
        page = {
            "pageid": 1,
            "title": "Gempa Contoh",
            "extract": extract,
            "fullurl": "https://id.wikipedia.org/wiki/Gempa_Contoh",
            "revisions": [{"revid": 77, "parentid": 76, "timestamp": "2025-07-01T10:00:00Z"}],
        }
        return Reply(body={"query": {"pages": [page]}})

    server.on("/id/w/api.php", action)


def build_wikipedia(server: ReplayServer, fetcher: Fetcher) -> Any:
    return load_connector("wikipedia", fetcher=fetcher, wikipedia_url=server.url("/{language}"))


def test_wikipedia(server: ReplayServer, fetcher: Fetcher) -> None:
    wikipedia(server)
    [source] = build_wikipedia(server, fetcher).find("gempa contoh", language="id", limit=2)
    assert (source.title, source.language, source.publisher_type) == ("Gempa Contoh", "id", "reference")
    assert source.text == TEXT
    assert source.url == "https://id.wikipedia.org/wiki/Gempa_Contoh"
    assert source.published_at == "2025-07-01T10:00:00Z"
    assert source.extra["revision"] == "77"
    asked = server.to("/id/w/rest.php/v1/search/page")[0]
    assert (asked.param("q"), asked.param("limit")) == ("gempa contoh", "2")


@pytest.mark.parametrize(
    "rest", [Reply(404), Reply(500), Reply(body=b"<html>", content_type="text/html"), Reply(body=[])]
)
def test_wikipedia_search_falls_back_to_the_other_interface(
    server: ReplayServer, fetcher: Fetcher, rest: Reply
) -> None:
    wikipedia(server, rest=rest)
    assert [s.title for s in build_wikipedia(server, fetcher).find("gempa", language="id")] == ["Gempa Contoh"]


def test_wikipedia_in_both_languages_and_one_of_them_down(server: ReplayServer, fetcher: Fetcher) -> None:
    wikipedia(server)
    server.on("/en/w/rest.php/v1/search/page", Reply(500))
    server.on("/en/w/api.php", Reply(500))
    connector = build_wikipedia(server, fetcher)
    assert [s.language for s in connector.find("gempa")] == ["id"]
    with pytest.raises(ConnectorUnavailable):
        list(connector.find("gempa", language="en"))


@pytest.mark.parametrize("extract", ["", None, 5, ["x"]])
def test_wikipedia_page_without_text_is_rejected(server: ReplayServer, fetcher: Fetcher, extract: Any) -> None:
    wikipedia(server, extract=extract)
    [bad] = build_wikipedia(server, fetcher).find("gempa", language="id")
    assert isinstance(bad, Rejected)


def test_wikipedia_without_results(server: ReplayServer, fetcher: Fetcher) -> None:
    wikipedia(server, rest=Reply(body={"pages": []}))
    assert list(build_wikipedia(server, fetcher).find("gempa", language="id")) == []


# --- Wayback ----------------------------------------------------------------------------------------------------------

PAGE = "https://www.kabar.example/berita/1?x=1"


@pytest.fixture
def wayback(server: ReplayServer, fetcher: Fetcher) -> WaybackConnector:
    return WaybackConnector(fetcher, wayback_url=server.url("/available"), archive_url=server.url(""))


def closest(stamp: str = "20250624010203", **changed: Any) -> dict[str, Any]:
    found = {"available": True, "url": "http://x", "timestamp": stamp, "status": "200", **changed}
    return {"archived_snapshots": {"closest": found}}


def test_wayback_reads_the_copy_as_the_page(server: ReplayServer, wayback: WaybackConnector) -> None:
    server.on("/available", body=closest())
    server.on("/web/20250624010203id_/https://www.kabar.example/berita/1", body=html("Gempa"))
    [source] = wayback.find(PAGE)
    assert isinstance(source, Source)
    assert source.url == PAGE
    assert source.publisher == "kabar.example"
    assert source.extra["archived_at"] == "2025-06-24T01:02:03Z"
    assert source.extra["archived_url"] == server.url(f"/web/20250624010203/{PAGE}")
    assert server.to("/available")[0].param("url") == PAGE


@pytest.mark.parametrize(
    "body", [{}, {"archived_snapshots": {}}, closest(available=False), closest("x"), closest(status="404")]
)
def test_wayback_without_a_copy(server: ReplayServer, wayback: WaybackConnector, body: Any) -> None:
    server.on("/available", body=body)
    assert wayback.archived_copy(PAGE) is None
    [bad] = wayback.find(PAGE)
    assert isinstance(bad, Rejected)


@pytest.mark.parametrize("trouble", [Reply(503), Reply(body=b"busy"), Reply(body=[])])
def test_wayback_asks_its_index_when_the_other_is_down(
    server: ReplayServer, wayback: WaybackConnector, trouble: Reply
) -> None:
    rows = [["urlkey", "timestamp", "original"], ["k", "20240101000000", PAGE], ["k", "20250620000000", PAGE], ["k"], 5]
    server.on("/available", trouble)
    server.on("/cdx/search/cdx", body=rows)
    newest = wayback.archived_copy(PAGE)
    assert newest is not None
    assert newest.archived_at == "2025-06-20T00:00:00Z"
    early = wayback.archived_copy(PAGE, at="2024-02")
    assert early is not None
    assert early.stamp == "20240101000000"
    assert server.to("/available")[-1].param("timestamp") == "202402"


@pytest.mark.parametrize(
    ("body", "error"), [({}, ConnectorReply), ([["a"], ["b"]], ConnectorReply), (b"x", ConnectorReply)]
)
def test_wayback_index_that_makes_no_sense(
    server: ReplayServer, wayback: WaybackConnector, body: Any, error: Any
) -> None:
    server.on("/available", Reply(500))
    server.on("/cdx/search/cdx", Reply(body=body))
    with pytest.raises(error):
        wayback.archived_copy(PAGE)
    server.on("/cdx/search/cdx", body=[])
    assert wayback.archived_copy(PAGE) is None


def test_wayback_copy_that_cannot_be_read(server: ReplayServer, wayback: WaybackConnector) -> None:
    server.on("/available", body=closest())
    [bad] = wayback.find(PAGE)
    assert isinstance(bad, Rejected)
    with pytest.raises(InputError):
        list(wayback.find("bukan alamat"))


# --- all of them ------------------------------------------------------------------------------------------------------


def test_a_connector_that_is_down_does_not_take_the_others_with_it(server: ReplayServer) -> None:
    seen: list[tuple[str, str]] = []
    with ReplayServer() as busy, Fetcher(settings(server, hosts=(server.host, busy.host))) as fetcher:
        wikipedia(server)
        busy.on("/gdelt", Reply(429, headers={"Retry-After": "900"}))
        server.on("/search", body={"results": [{"url": server.url("/a")}, {"url": server.url("/gone")}]})
        server.on("/a", body=html("Gempa"))
        got = collect(
            ["wikipedia", "gdelt", "searxng", "brave", "tiada", "wikipedia"],
            [SearchQuery("gempa contoh", "id")],
            fetcher=fetcher,
            options={
                "wikipedia_url": server.url("/{language}"),
                "gdelt_url": busy.url("/gdelt"),
                "searxng_url": server.url(),
            },
            on_found=lambda name, found: seen.append((name, type(found).__name__)),
        )
        assert [(name, bad.where) for name, bad in got.rejected] == [("searxng", server.url("/gone"))]
    assert {source.title for source in got.sources} == {"Gempa Contoh", "Gempa"}
    assert {(p.connector, p.error_type) for p in got.problems} == {
        ("gdelt", "ConnectorUnavailable"),
        ("brave", "ConnectorNotConfigured"),
        ("tiada", "InputError"),
    }
    assert sorted(seen) == [("searxng", "Rejected"), ("searxng", "Source"), ("wikipedia", "Source")]


def test_the_same_document_comes_once(server: ReplayServer, fetcher: Fetcher) -> None:
    wikipedia(server)
    options = {"wikipedia_url": server.url("/{language}")}
    queries = [SearchQuery("gempa", "id"), SearchQuery("gempa contoh", "id")]
    got = collect(["wikipedia"], queries, fetcher=fetcher, options=options)
    assert len(got.sources) == 1
    assert len(server.to("/id/w/rest.php/v1/search/page")) == 2


class Slow:
    """A third party's connector that takes its time."""

    name = "lambat"
    searches = True
    release = threading.Event()

    def find(self, what: str, *, limit: int | None = None, language: str = "") -> Iterator[Source | Rejected]:
        self.release.wait(5)
        yield from ()


class Broken:
    name = "rusak"
    searches = True

    def __init__(self, fetcher: Fetcher, token: str = "") -> None:
        self.token = token

    def find(self, what: str, *, limit: int | None = None, language: str = "") -> Iterator[Source | Rejected]:
        raise ZeroDivisionError("third-party trouble")
        yield


@pytest.fixture
def third_party(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        EntryPoint("lambat", f"{__name__}:Slow", "saring.connectors"),
        EntryPoint("rusak", f"{__name__}:Broken", "saring.connectors"),
        EntryPoint("wikipedia", f"{__name__}:Broken", "saring.connectors"),
    ]
    classes = {"Slow": Slow, "Broken": Broken}
    monkeypatch.setattr(EntryPoint, "load", lambda self: classes[self.value.partition(":")[2]])
    monkeypatch.setattr(connectors, "_entry_points", lambda: points)


@pytest.mark.usefixtures("third_party")
def test_a_third_party_adds_a_connector(fetcher: Fetcher) -> None:
    assert {"lambat", "rusak"} <= set(connector_names())
    made = load_connector("rusak", fetcher=fetcher, token="t", searxng_url="x")
    assert made.token == "t"  # type: ignore[attr-defined]
    assert type(load_connector("wikipedia", fetcher=fetcher)).__module__ == "retrieval.connectors.wikipedia"


@pytest.mark.usefixtures("third_party")
def test_what_breaks_is_reported_and_what_hangs_is_given_up_on(server: ReplayServer, fetcher: Fetcher) -> None:
    wikipedia(server)
    began = time.monotonic()
    try:
        got = collect(
            ["lambat", "rusak", "wikipedia"],
            [SearchQuery("gempa", "id")],
            fetcher=fetcher,
            options={"wikipedia_url": server.url("/{language}")},
            deadline=1.0,
        )
    finally:
        Slow.release.set()
    assert time.monotonic() - began < 4
    assert [source.title for source in got.sources] == ["Gempa Contoh"]
    assert {(p.connector, p.error_type) for p in got.problems} == {
        ("lambat", "DeadlineExceeded"),
        ("rusak", "ZeroDivisionError"),
    }
    assert all("\n" not in str(p) and str(p).startswith(p.connector) for p in got.problems)


def test_set_up_from_the_environment(tmp_path: Path) -> None:
    environ = {"SARING_BRAVE_KEY": " k ", "SARING_SEARXNG_URL": "http://x", "SARING_TAVILY_KEY": "", "BRAVE_KEY": "no"}
    assert options_from_environment(environ) == {"brave_key": "k", "searxng_url": "http://x"}
    with make_fetcher("redaksi@example.com", "localhost:8888, 10.0.0.5", tmp_path) as made:
        assert "redaksi@example.com" in made.settings.user_agent
        assert made.policy.target("http://localhost:8888/").port == 8888
    with pytest.raises(InputError):
        make_fetcher("", "http://x/", tmp_path)


def test_every_name_that_is_offered_can_be_loaded(fetcher: Fetcher) -> None:
    keys = {"factcheck_key": "k", "brave_key": "k", "tavily_key": "k", "searxng_url": "http://x.example"}
    for name in connector_names():
        made = load_connector(name, fetcher=fetcher, **keys)
        assert made.name == name
        assert isinstance(made.searches, bool)


# --- Archived copies of what a report cites ---------------------------------------------------------------------------


def test_each_cited_page_is_looked_up_near_its_day(server: ReplayServer, fetcher: Fetcher) -> None:
    here, gone = "https://a.example/1", "https://b.example/2"
    server.on("/available", Reply(body=closest()), Reply(body={"archived_snapshots": {}}))
    asked: list[str] = []
    options = {"wayback_url": server.url("/available"), "archive_url": server.url("")}
    pages = {here: "2025-06-23", "": None, "berkas.txt": None, gone: None}
    copies = archived_copies(pages, fetcher=fetcher, options=options, on_page=asked.append)
    assert copies.found[here].archived_at == "2025-06-24T01:02:03Z"
    assert copies.missing == (gone,)
    assert not copies.problems
    assert asked == [here, gone]
    assert server.to("/available")[0].param("timestamp") == "20250623"


def test_an_archive_that_is_down_is_asked_twice_and_no_more(server: ReplayServer, fetcher: Fetcher) -> None:
    server.on("/available", Reply(503))
    server.on("/cdx/search/cdx", Reply(503))
    options = {"wayback_url": server.url("/available"), "archive_url": server.url("")}
    pages = {f"https://a.example/{n}": None for n in range(5)}
    copies = archived_copies(pages, fetcher=fetcher, options=options)
    assert not copies.found
    assert not copies.missing
    assert set(copies.problems) == set(pages)
    assert len(server.to("/available")) == 2
    assert "did not answer" in copies.problems["https://a.example/4"]


@pytest.mark.parametrize("body", ["<rss><channel><item>", "<rss version='2.0'><channel><title>x</title><item><title>y"])
def test_a_feed_that_was_cut_off_is_not_taken_for_an_empty_one(
    server: ReplayServer, fetcher: Fetcher, body: str
) -> None:
    server.on("/feed", body=body, content_type="application/rss+xml")
    with pytest.raises(ConnectorReply, match=r"cut off|not an RSS"):
        read_feed(fetcher, server.url("/feed"))


def test_a_feed_without_items_is_a_feed(server: ReplayServer, fetcher: Fetcher) -> None:
    body = '<?xml version="1.0"?><rss version="2.0"><channel><title>Kabar</title></channel></rss>'
    server.on("/feed", body=body, content_type="application/rss+xml")
    assert read_feed(fetcher, server.url("/feed")).links == ()
