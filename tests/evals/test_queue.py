from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evals import engine
from evals.errors import DataError
from evals.newsroom import read_newsroom
from evals.queue import from_queue
from evals.solvers.base import Options

TEXT = "Jembatan\n\nKOTA - Wali kota mengatakan jembatan dibuka Maret. Harga beras naik. Itu kabar baik.\n"
CARD = {"id": "k1", "text": "Jembatan dibuka Maret.", "language": "id", "published_at": "2026-01-01"}


def decision(quote: str, **change: Any) -> dict[str, Any]:
    start = TEXT.index(quote)
    made = {
        "schema": "saring.decision/1", "id": f"dec-{quote}", "decided_at": "2026-11-24T08:00:00Z", "ruling": "approved",
        "label": "supported", "why": "",
        "article": {"id": "a1", "title": "Jembatan Baru!", "text": TEXT, "language": "id"},
        "claim": {
            "id": f"c-{quote}", "text": quote, "quote": quote, "start": start, "end": start + len(quote),
            "attribution": {"speaker": "wali kota", "outlet": "", "anonymous": False},
        },
        "evidence": [CARD], "evidence_ids": ["k1"], "reviewer": "somebody",
    }  # fmt: skip
    return {**made, **change}


def export(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_decisions_become_a_case_that_validates(tmp_path: Path) -> None:
    path = export(
        tmp_path / "decisions.jsonl",
        decision("jembatan dibuka Maret"),
        decision("Harga beras naik", ruling="overruled", label="needs_source", evidence_ids=[]),
        decision("Itu kabar baik", ruling="not_a_claim", label=None),
    )
    done = from_queue(path, tmp_path / "cases")
    assert done.claims == 2
    assert [case.name for case in done.written] == ["01-jembatan-baru"]
    item = read_newsroom(tmp_path / "cases")[0]
    assert [(claim.label, claim.checkable) for claim in item.gold] == [
        ("supported", True),
        ("needs_source", True),
        ("", False),
    ]
    assert item.gold[0].speaker == "wali kota"
    assert item.text == TEXT
    assert "somebody" not in (done.written[0] / "gold.jsonl").read_text(), "a case needs no reviewer"


def test_the_latest_decision_counts(tmp_path: Path) -> None:
    quote = "jembatan dibuka Maret"
    path = export(
        tmp_path / "d.jsonl",
        decision(quote, label="unsupported", decided_at="2026-11-24T09:00:00Z"),
        decision(quote),
    )
    from_queue(path, tmp_path / "cases")
    assert read_newsroom(tmp_path / "cases")[0].gold[0].label == "unsupported"


def test_what_cannot_be_a_case_is_left_out_and_named(tmp_path: Path) -> None:
    path = export(
        tmp_path / "d.jsonl",
        decision("jembatan dibuka Maret"),
        decision("Harga beras naik", evidence_ids=[]),
        decision("Itu kabar baik", ruling="undecided", label=None),
    )
    done = from_queue(path, tmp_path / "cases")
    assert done.claims == 1
    assert done.left_out == (
        "dec-Harga beras naik: supported, but no source is named that decides it",
        "dec-Itu kabar baik: undecided",
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "other/1"}, "schema"),
        ({"ruling": "maybe"}, "ruling"),
        ({"evidence_ids": ["k9"]}, "'k9' is not in the decision's evidence"),
        ({"claim": {"id": "c", "text": "x", "quote": "jembatan", "start": 0, "end": 8}}, "is not its quote"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = export(tmp_path / "d.jsonl", decision("jembatan dibuka Maret", **change))
    with pytest.raises(DataError, match=rf"d\.jsonl:1.*{message}"):
        from_queue(path, tmp_path / "cases")
    assert not (tmp_path / "cases").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = export(tmp_path / "d.jsonl", decision("jembatan dibuka Maret"))
    from_queue(path, tmp_path / "cases")
    with pytest.raises(DataError, match="already there"):
        from_queue(path, tmp_path / "cases")


def test_from_a_check_through_the_queue_to_cases_and_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """What the queue writes is what is read here: nothing is made by hand in between."""
    pytest.importorskip("sqlalchemy", reason='pip install "saring[web]"')
    from checker.cli import root
    from checker.pipeline import Checker
    from checker.review.database import Database
    from checker.review.intake import add_report
    from checker.review.service import ReviewService
    from checker.settings import Settings
    from evals.cli import main
    from evals.testing import FakeTools, HashedWords, ScriptedJudge, SentenceExtractor
    from evals.tools import fill
    from retrieval.store import EvidenceStore

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SARING_DATABASE_URL", str(tmp_path / "queue.sqlite3"))
    monkeypatch.setenv("SARING_CONFIG", str(tmp_path / "none.toml"))
    text = "Bridge news\n\nThe bridge over the delta opens in March. The harbour lost ninety boats in the storm."
    cards = [
        {"id": "k1", "text": "The bridge over the delta opens in March", "publisher": "Delta Post"},
        {"id": "k2", "text": "The harbour lost not ninety boats in the storm but nine", "publisher": "Harbour Radio"},
    ]
    with EvidenceStore.open(str(tmp_path / "store"), embedder=HashedWords(), mode="rw") as store:
        fill(store, cards)
        settings = Settings(store=str(tmp_path / "store"))
        report = Checker(store, SentenceExtractor(), ScriptedJudge(), settings).check(text)
    database = Database.open(str(tmp_path / "queue.sqlite3"))
    items = dict(zip((claim.text for claim in report.claims), add_report(ReviewService(database), report), strict=True))
    database.close()

    def queue(*arguments: str) -> None:
        assert root.run(["queue", *arguments]) == 0, capfd.readouterr().err

    for name, role in (("ani", "checker"), ("citra", "editor")):
        queue("users", "add", name, "--role", role, "--no-password")
    ruled = {"bridge": ("supported", "k1"), "harbour": ("unsupported", "k2")}
    for claim, item in items.items():
        for word, (label, card) in ruled.items():
            if word in claim:
                queue("decide", item, "-l", label, "-r", "Read it.", "-e", card, "--as", "ani")
                queue("approve", item, "--as", "citra")
    queue("export", "-f", "decisions", "-o", "decisions.jsonl", "--store", str(tmp_path / "store"))

    assert main(["from-queue", "decisions.jsonl", "cases"]) == 0
    assert main(["validate", "cases"]) == 0
    (item_back,) = read_newsroom(tmp_path / "cases")
    assert [(gold.label, gold.evidence_ids) for gold in item_back.gold] == [
        ("supported", ("k1",)),
        ("unsupported", ("k2",)),
    ]
    assert all(item_back.text[gold.start : gold.end] == gold.quote for gold in item_back.gold)
    assert "ani" not in (tmp_path / "decisions.jsonl").read_text(), "who decided is not part of it"
    plan = engine.Plan(("verdict",), ("cases",), Options(baselines=False), tmp_path / "run")
    overall = engine.run(plan, FakeTools()).summaries["verdict"]["overall"]
    assert (overall["claim_recall"], overall["end_to_end"]) == (1.0, 1.0), "the machine agrees with the people"
