"""The items written by hand: what is read of them, what is refused, and that the files keep to the format."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

from training import written
from training.common import ROOT
from training.pair_sources import NEUTRAL, REFUTES, SUPPORTS
from training.parallel import normalise

ITEM = """# en
The ferries move to the north pier
from 3 March. Repairs will take eleven weeks.
S date id: Feri pindah ke dermaga utara mulai 3 Maret.
R date id: Feri pindah ke dermaga utara mulai 3 Mei.
R number en: The pier will be mended in twelve weeks.
S number en: The pier will be mended in eleven weeks.
N id: Harga tiket feri akan naik."""


def test_an_item_is_read_to_rows() -> None:
    (item,) = written.parse(ITEM, "events")
    assert item.passage == "The ferries move to the north pier from 3 March. Repairs will take eleven weeks."
    assert [(row.label, row.languages) for row in item.rows] == [
        (SUPPORTS, ("en", "id")),
        (REFUTES, ("en", "id")),
        (REFUTES, ("en", "en")),
        (SUPPORTS, ("en", "en")),
        (NEUTRAL, ("en", "id")),
    ]
    assert {row.source for row in item.rows} == {"written-events"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("# en", "en", "first line"),
        ("R date id: Feri pindah ke dermaga utara mulai 3 Mei.\n", "", "no twin"),
        ("R date id", "R date en", "no twin"),
        ("R date id", "R time id", "no twin"),
        ("3 Mei", "3 Maret", "no twin"),
        ("N id: Harga", "Harga", "cannot read"),
        ("The ferries move to the north pier\nfrom 3 March. Repairs will take eleven weeks.\n", "", "a passage"),
    ],
)
def test_what_does_not_keep_to_the_format_is_named(old: str, new: str, message: str) -> None:
    with pytest.raises(written.WrittenError, match=rf"events, item 2 .*{message}"):
        list(written.parse(f"{ITEM}\n\n{ITEM.replace(old, new, 1)}", "events"))


def test_both_twins_must_be_right() -> None:
    (item,) = written.parse(ITEM, "events")
    right = {"3 Maret": 0, "3 Mei": 1, "eleven": 0, "twelve": 0}  # the last is wrong

    def score(pairs: object) -> np.ndarray:
        labels = [next(v for k, v in right.items() if k in claim) for _, claim in pairs]  # type: ignore[attr-defined]
        return np.eye(3)[labels]

    assert written.both_right([item], score) == {"all": 0.5, "date": 1.0, "number": 0.0, "en-id": 1.0, "en-en": 0.0}


def test_an_item_is_learnt_from_or_kept_out_whole() -> None:
    items = written.load()
    kept, aside = written.split(items)
    assert len(kept) + len(aside) == len(items)
    assert 0.05 < len(aside) / len(items) < 0.15
    assert not {item.passage for item in kept} & {item.passage for item in aside}


def test_the_files_hold_what_their_readme_says() -> None:
    items = written.load()
    assert len(items) > 1000
    kinds = Counter(twin[0].kind for item in items for twin in item.twins)
    assert set(kinds) == written.KINDS
    assert min(kinds.values()) > 0.1 * sum(kinds.values())
    first = Counter(twin[0].label for item in items for twin in item.twins)
    assert 0.4 < first["S"] / first.total() < 0.6, "the place of a twin must not give it away"
    crossing = Counter((item.language, twin[0].language) for item in items for twin in item.twins)
    assert min(crossing.values()) > 0.1 * crossing.total()


def test_no_text_is_shared_with_the_contrast_set() -> None:
    lines = (ROOT / "seeds" / "contrast" / "contrast.jsonl").read_text("utf-8").splitlines()
    theirs = {normalise(row[part]) for row in map(json.loads, lines) for part in ("evidence", "claim")}
    for item in written.load():
        assert not {normalise(item.passage), *(normalise(row.claim) for row in item.rows)} & theirs
