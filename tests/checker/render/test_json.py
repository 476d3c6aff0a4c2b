from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from checker.errors import ReportUnreadable
from checker.render.json import dump, plain, report_from_json, report_to_dict, report_to_json
from checker.types import Report

# The keys of issue 2, which others build on.
TOP = ("article", "claims", "outcomes", "settings", "versions", "as_of", "created_at", "elapsed_s")
ARTICLE = {"id", "url", "title", "publisher", "published_at", "language"}
CLAIM = {"id", "text", "quote", "start", "end", "kind", "checkworthiness", "context", "attribution"}
ATTRIBUTION = {"speaker", "role", "outlet", "anonymous", "cue"}
VERDICT = {"claim_id", "label", "reason", "content_label", "confidence", "origins", "citations", "judge"}
CITATION = {
    "source_id", "passage_id", "url", "publisher", "published_at", "quote", "start", "end", "stance", "score",
}  # fmt: skip


def test_the_fixed_keys_are_there_and_come_first(report: Report) -> None:
    value = report_to_dict(report)
    assert tuple(value)[: len(TOP)] == TOP
    assert value["article"].keys() == ARTICLE
    for claim in value["claims"]:
        assert claim.keys() == CLAIM
    assert value["claims"][0]["attribution"].keys() >= ATTRIBUTION
    for outcome in value["outcomes"]:
        if "failure" in outcome:
            assert outcome.keys() == {"claim_id", "failure"}
            assert outcome["failure"].keys() == {"stage", "error_type", "message"}
        else:
            assert outcome.keys() >= VERDICT
            for citation in outcome["citations"]:
                assert citation.keys() >= CITATION


def test_attribution_is_null_where_nobody_is_named(report: Report) -> None:
    assert [claim["attribution"] is None for claim in report_to_dict(report)["claims"]] == [
        False, False, False, True, True, True,
    ]  # fmt: skip


def test_quotes_stand_where_the_object_says(report: Report) -> None:
    value = json.loads(report_to_json(report))
    for claim in value["claims"]:
        assert value["article_text"][claim["start"] : claim["end"]] == claim["quote"]


def test_a_report_survives_the_way_there_and_back(report: Report) -> None:
    assert report_from_json(report_to_json(report)) == report
    assert report_from_json(report_to_json(report, indent=None).encode()) == report


def test_keys_of_a_newer_saring_are_passed_over(report: Report) -> None:
    value = report_to_dict(report)
    value["mood"] = "calm"
    value["outcomes"][0]["mood"] = "calm"
    assert report_from_json(json.dumps(value)) == report


def test_only_the_fixed_keys_are_needed(report: Report) -> None:
    value = {key: report_to_dict(report)[key] for key in TOP}
    read = report_from_json(json.dumps(value))
    assert read.claims == report.claims
    assert read.outcomes == report.outcomes
    assert read.article.text == ""


def broken(report: Report, path: str, value: Any) -> str:
    whole = report_to_dict(report)
    target: Any = whole
    *parts, last = path.split(".")
    for part in parts:
        target = target[int(part)] if part.isdigit() else target[part]
    target[last] = value
    return json.dumps(whole)


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("claims.0.kind", "rumour", "claims.0.kind"),
        ("outcomes.0.label", "true", "outcomes.0"),
        ("outcomes.0.confidence", 1.5, "outcomes.0"),
        ("outcomes.0.claim_id", "c99", "unknown claim 'c99'"),
        ("claims.1.id", "c1", "two claims have one id"),
        ("claims.0.start", 0, "quote of claim 'c1'"),
        ("claims.0.start", "7", "claims.0.start"),
        ("elapsed_s", -1.0, "elapsed_s"),
        ("article.language", None, "article.language"),
    ],
)
def test_what_is_no_report_is_refused_by_name(report: Report, path: str, value: Any, named: str) -> None:
    with pytest.raises(ReportUnreadable) as caught:
        report_from_json(broken(report, path, value))
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "nonsense", '{"article": 1}', "null", b"\xff\xfe"])
def test_what_is_not_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(ReportUnreadable, match="not a report of saring check"):
        report_from_json(text)


def test_text_that_utf8_cannot_carry_is_escaped() -> None:
    assert json.loads(dump({"a": "x\ud800y"}).encode()) == {"a": "x\ud800y"}
    assert dump({"a": "é"}, indent=None) == '{"a": "é"}'


def test_no_number_that_json_does_not_know(report: Report) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        report_to_json(replace(report, elapsed=float("nan")))


def test_plain_shows_what_json_does_not_know_as_text() -> None:
    @dataclass(frozen=True)
    class Trace:
        path: Path
        seen: frozenset[str]

    assert plain({"t": (Trace(Path("/a"), frozenset({"b", "a"})), None, 1.5)}) == {
        "t": [{"path": "/a", "seen": ["a", "b"]}, None, 1.5]
    }
