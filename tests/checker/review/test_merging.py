from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent))

from reports import make_report
from test_service import walk

from checker.errors import NotAllowed, NotFound
from checker.review.intake import add_report
from checker.review.merging import dismiss, suggestions
from checker.review.records import Actor
from checker.review.service import Change, ReviewService
from checker.review.transitions import Action, State

People = dict[str, Actor]


class ByTopic:
    """An embedder whose vectors are known: texts of one topic are close, whatever their words."""

    name = "by-topic"
    digest = "1"
    dimensions = 3

    def __init__(self) -> None:
        self.read: list[str] = []

    def encode(self, texts: Sequence[str], *, kind: str = "passage") -> NDArray[np.float32]:
        self.read += texts
        rows = [[1.0, 0.1, 0] if "jembatan" in text.lower() else [0, 0.1, 1.0] for text in texts]
        return np.asarray([np.asarray(row) / np.linalg.norm(row) for row in rows], dtype=np.float32)


def pairs(service: ReviewService) -> list[tuple[str, str, float]]:
    return [(found.item.text, found.other.text, found.similarity) for found in suggestions(service)]


def test_close_meaning_is_suggested_and_old_claims_are_not_read_again(service: ReviewService) -> None:
    embedder = ByTopic()
    add_report(service, make_report(("Jembatan Sula ditutup.", "Harga beras naik."), name="a"), embedder=embedder)
    service.clock.forward(minutes=1)  # type: ignore[attr-defined]
    add_report(service, make_report(("Lalu lintas di jembatan berhenti.",), name="b"), embedder=embedder)
    assert pairs(service) == [("Lalu lintas di jembatan berhenti.", "Jembatan Sula ditutup.", 1.0)]
    assert embedder.read == ["Jembatan Sula ditutup.", "Harga beras naik.", "Lalu lintas di jembatan berhenti."]


def test_a_claim_that_comes_again_meets_what_was_published(service: ReviewService, people: People) -> None:
    embedder = ByTopic()
    (old,) = add_report(service, make_report(("Jembatan Sula ditutup.",), name="a"), embedder=embedder)
    walk(service, people, old, State.PUBLISHED)
    (new,) = add_report(service, make_report(("Jembatan di Sula tutup total.",), name="b"), embedder=embedder)
    (found,) = suggestions(service)
    assert (found.item.id, found.other.id, found.other.state) == (new, old, State.PUBLISHED)
    service.act(new, Action.CLAIM, people["ani"])
    service.act(new, Action.DECIDE, people["ani"], Change(label="supported", reason="Ya."))
    assert suggestions(service) == (), "what is decided is merged no more"


def test_vectors_of_another_embedder_are_not_compared(service: ReviewService) -> None:
    add_report(service, make_report(("Jembatan Sula ditutup.",), name="a"), embedder=ByTopic())
    other = ByTopic()
    other.digest = "2"
    add_report(service, make_report(("Jembatan itu lain.",), name="b"), embedder=other)
    assert pairs(service) == []


def test_one_report_that_says_it_twice(service: ReviewService) -> None:
    add_report(service, make_report(("Jembatan Sula ditutup.", "Ya, jembatan Sula ditutup."), name="a"))
    assert pairs(service) == []
    add_report(service, make_report(("Feri  berangkat.", "FERI berangkat!"), name="b"))
    assert pairs(service) == [("FERI berangkat!", "Feri  berangkat.", 1.0)]


def test_a_person_confirms_or_dismisses(service: ReviewService, people: People) -> None:
    (first,) = add_report(service, make_report(("Jembatan Sula ditutup.",), name="a"))
    (second,) = add_report(service, make_report(("jembatan sula ditutup",), name="b"))
    (third,) = add_report(service, make_report(("JEMBATAN SULA DITUTUP",), name="c"))
    assert len(suggestions(service)) == 3
    with pytest.raises(NotAllowed):
        dismiss(service, second, first, people["fitri"])
    dismiss(service, first, second, people["ani"])
    assert {(found.item.id, found.other.id) for found in suggestions(service)} == {(third, first), (third, second)}
    assert service.events(first)[-1].action == "dismiss_merge"
    with pytest.raises(NotFound):
        dismiss(service, first, "itm-none", people["ani"])
    service.act(third, Action.MERGE, people["ani"], Change(into=first))
    assert service.get(third).state is State.MERGED
    assert suggestions(service) == ()
    assert suggestions(service, item_id=second) == ()
