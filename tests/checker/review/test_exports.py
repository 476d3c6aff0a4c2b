from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from reports import TEXT, make_report
from test_service import walk

from checker.errors import NotFound
from checker.review.claimreview import Publisher, to_csv
from checker.review.exports import (
    corrections,
    decisions,
    exports,
    published,
    published_item,
    published_of_article,
)
from checker.review.feeds import rss
from checker.review.intake import add_report
from checker.review.queries import Filters
from checker.review.records import Actor
from checker.review.service import Change, ReviewService
from checker.review.transitions import PUBLIC_STATES, Action, State
from retrieval.types import Source

People = dict[str, Actor]
DESK = Publisher("Harian Contoh", "https://contoh.example")


def correct(service: ReviewService, people: People, item_id: str, change: Change, note: str) -> None:
    service.act(item_id, Action.REOPEN, people["citra"], Change(comment="Keliru."))
    service.act(item_id, Action.CLAIM, people["ani"])
    service.act(item_id, Action.DECIDE, people["ani"], change)
    service.act(item_id, Action.TAKE_SECOND, people["citra"])
    service.act(item_id, Action.APPROVE, people["citra"])
    service.act(item_id, Action.PUBLISH, people["citra"], Change(comment=note))


@pytest.mark.parametrize("state", State)
def test_only_the_approved_is_exported_and_only_the_published_is_public(
    service: ReviewService, people: People, state: State
) -> None:
    item_id = add_report(service, make_report())[0]
    walk(service, people, item_id, state)
    exportable = state in {State.APPROVED, *PUBLIC_STATES}
    assert [export.item.id for export in exports(service)] == ([item_id] if exportable else [])
    assert bool(list(decisions(service))) == exportable
    assert [export.item.id for export in published(service)[0]] == ([item_id] if state in PUBLIC_STATES else [])
    assert list(exports(service, Filters(states=(State.NEW, State.DECIDED)))) == []
    if state not in PUBLIC_STATES:
        with pytest.raises(NotFound):
            published_item(service, item_id)


def test_filters_and_order(service: ReviewService, people: People) -> None:
    ids = add_report(service, make_report())
    for item_id in ids:
        walk(service, people, item_id, State.PUBLISHED)
        service.clock.forward(minutes=1)  # type: ignore[attr-defined]
    assert [export.item.id for export in exports(service)] == ids[::-1]
    assert [export.item.id for export in exports(service, Filters(search="pilar"))] == [ids[1]]
    assert [export.item.id for export in exports(service, limit=1)] == [ids[2]]
    found, total = published(service, limit=2, offset=1)
    assert ([export.item.id for export in found], total) == ([ids[1], ids[0]], 3)
    assert to_csv(exports(service)).count("\r\n") == 4


def test_corrections_are_listed_with_what_was_said_before(service: ReviewService, people: People) -> None:
    first, second, _ = add_report(service, make_report())
    walk(service, people, first, State.PUBLISHED)
    walk(service, people, second, State.PUBLISHED)
    assert corrections(service) == []
    service.clock.forward(minutes=1)  # type: ignore[attr-defined]
    change = Change(label="unsupported", rating="false", reason="Tidak begitu.")
    correct(service, people, first, change, "Semula: didukung bukti.")
    (found,) = corrections(service)
    assert (found.item_id, found.was_label, found.was_rating) == (first, "supported", None)
    assert (found.label, found.rating, found.note) == ("unsupported", "false", "Semula: didukung bukti.")
    service.act(first, Action.REOPEN, people["citra"], Change(comment="Lagi."))
    assert len(corrections(service)) == 1, "what was corrected stays on record"
    assert [export.item.id for export in published(service)[0]] == [second]


def test_a_merged_claim_stands_with_the_decision_it_went_into(service: ReviewService, people: People) -> None:
    first = add_report(service, make_report())[0]
    other = add_report(service, make_report(("Feri berlayar.", "Jembatan Sula sudah ditutup."), name="other"))
    service.act(other[1], Action.MERGE, people["ani"], Change(into=first))
    article = service.get(other[1]).article_id or ""
    assert published_of_article(service, article) == []
    walk(service, people, first, State.PUBLISHED)
    walk(service, people, other[0], State.DECIDED)
    assert [export.item.id for export in published_of_article(service, article)] == [first]


def test_the_feed_is_xml_whatever_is_in_it(service: ReviewService, people: People) -> None:
    nasty = "</title><script>alert(1)</script> & \x08 \ufffe \u202e ]]> Jembatan."
    (item_id,) = add_report(service, make_report((nasty,), name="nasty"))
    walk(service, people, item_id, State.PUBLISHED)
    service.clock.forward(minutes=1)  # type: ignore[attr-defined]
    correct(service, people, item_id, Change(label="needs_source", reason="Belum."), "Catatan <b>.")
    feed = rss(published(service)[0], DESK)
    root = ElementTree.fromstring(feed)
    (entry,) = root.findall("./channel/item")
    assert entry.findtext("title", "").startswith("Perlu sumber: </title><script>")
    assert "\u202e" not in entry.findtext("title", "")
    assert entry.findtext("link") == f"https://contoh.example/published/{item_id}"
    assert entry.findtext("description") == "Belum. Catatan <b>."
    assert entry.findtext("pubDate") == "Tue, 24 Nov 2026 08:01:00 +0000"


def test_decisions_for_the_evals(service: ReviewService, people: People) -> None:
    agreed, overruled, named = add_report(service, make_report())
    walk(service, people, agreed, State.APPROVED)
    for item_id, change in (
        (overruled, Change(label="unsupported", reason="Tidak.")),
        (named, Change(label="unsupported", reason="Tidak.", evidence=("kabar", "tidak-ada"))),
    ):
        service.act(item_id, Action.CLAIM, people["ani"])
        service.act(item_id, Action.DECIDE, people["ani"], change)
        service.act(item_id, Action.TAKE_SECOND, people["citra"])
        service.act(item_id, Action.APPROVE, people["citra"])
    lines = {line["claim"]["quote"]: line for line in decisions(service)}
    first = lines["Jembatan Sula ditutup pada Senin."]
    assert (first["ruling"], first["label"], first["evidence_ids"]) == ("approved", "supported", ["kabar"])
    assert first["article"]["text"] == TEXT
    assert "Ani" not in str(first)
    (card,) = first["evidence"]
    assert card["text"] == "Jembatan Sula ditutup pada Senin."
    assert (lines["Dua pilar retak."]["ruling"], lines["Dua pilar retak."]["evidence_ids"]) == ("overruled", [])
    assert lines["Feri berangkat tiap jam."]["evidence_ids"] == ["kabar"]

    def source(name: str) -> Source:
        made = Source(name, "", "", "Kabar", "", "", "id", None, "", (), "", "Seluruh teks.")
        return replace(made, published_at="2025-06-23")

    assert next(iter(decisions(service, source=source)))["evidence"][0]["text"] == "Seluruh teks."
