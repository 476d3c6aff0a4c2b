from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from reports import make_report

from checker.errors import WrongState
from checker.review.claimreview import CSV_FIELDS, Publisher, claim_review, gather, to_csv
from checker.review.intake import add_report
from checker.review.records import Actor
from checker.review.service import Change, ReviewService
from checker.review.transitions import Action

DESK = Publisher("Harian Contoh", "https://contoh.example")


def published(service: ReviewService, people: dict[str, Actor], change: Change, text: str = "Dua pilar retak.") -> str:
    (item_id,) = add_report(service, make_report((text,), name="cr"))
    service.act(item_id, Action.CLAIM, people["ani"])
    service.act(item_id, Action.DECIDE, people["ani"], change)
    service.act(item_id, Action.TAKE_SECOND, people["citra"])
    service.act(item_id, Action.APPROVE, people["citra"])
    service.act(item_id, Action.PUBLISH, people["citra"])
    return item_id


def test_only_what_is_approved_goes_out(service: ReviewService, people: dict[str, Actor]) -> None:
    (item_id,) = add_report(service, make_report(("Dua pilar retak.",), name="cr"))
    steps = [
        lambda: None,
        lambda: service.act(item_id, Action.CLAIM, people["ani"]),
        lambda: service.act(item_id, Action.DECIDE, people["ani"], Change(label="supported", reason="Ya.")),
        lambda: service.act(item_id, Action.TAKE_SECOND, people["citra"]),
    ]
    for step in steps:
        step()
        with pytest.raises(WrongState):
            gather(service, item_id)
    service.act(item_id, Action.APPROVE, people["citra"])
    assert gather(service, item_id).decision.label == "supported"


@pytest.mark.parametrize(
    ("change", "word", "number"),
    [
        (Change(label="supported", reason="x"), "Didukung bukti", None),
        (Change(label="unsupported", reason="x"), "Belum terbukti", None),
        (Change(label="needs_source", reason="x"), "Perlu sumber", None),
        (Change(label="supported", rating="true", reason="x"), "Benar", 5),
        (Change(label="unsupported", rating="false", reason="x"), "Salah", 1),
    ],
)
def test_a_number_stands_only_where_a_person_ruled(
    service: ReviewService, people: dict[str, Actor], change: Change, word: str, number: int | None
) -> None:
    review = claim_review(gather(service, published(service, people, change)), DESK)
    rating = review["reviewRating"]
    assert (rating["alternateName"], rating.get("ratingValue")) == (word, number)
    assert ("bestRating" in rating) == (number is not None)
    assert review["url"].startswith("https://contoh.example/published/itm-")
    assert review["claimReviewed"] == "Dua pilar retak."
    assert review["datePublished"] == "2026-11-24"
    assert json.loads(json.dumps(review)) == review


def test_a_correction_is_said(service: ReviewService, people: dict[str, Actor]) -> None:
    item_id = published(service, people, Change(label="supported", reason="x"))
    service.act(item_id, Action.REOPEN, people["citra"], Change(comment="Jumlahnya keliru."))
    service.act(item_id, Action.CLAIM, people["ani"])
    service.act(item_id, Action.DECIDE, people["ani"], Change(label="unsupported", reason="Tiga pilar."))
    service.act(item_id, Action.TAKE_SECOND, people["citra"])
    service.act(item_id, Action.APPROVE, people["citra"])
    service.act(item_id, Action.PUBLISH, people["citra"], Change(comment="Semula ditulis dua pilar."))
    review = claim_review(gather(service, item_id), DESK)
    assert review["correction"] == ["Semula ditulis dua pilar."]
    assert review["reviewRating"]["alternateName"] == "Belum terbukti"


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1+1", "-2", "@SUM(A1)"])
def test_csv_runs_nothing(service: ReviewService, people: dict[str, Actor], text: str) -> None:
    item_id = published(service, people, Change(label="supported", reason='Baris\nbaru, "kutip"'), text)
    (row,) = csv.DictReader(io.StringIO(to_csv([gather(service, item_id)])))
    assert tuple(row) == CSV_FIELDS
    assert row["claim"] == "'" + text
    assert row["reason"] == 'Baris\nbaru, "kutip"'
