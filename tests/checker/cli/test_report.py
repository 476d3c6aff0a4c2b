from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import checker.cli.root as cli
from checker.render.json import report_to_json
from checker.types import Failure, Report

Make = Callable[[], Report]


@pytest.fixture
def saved(home: Path, made: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "report.json"
    path.write_text(report_to_json(made()))
    return path


def test_a_saved_report_is_shown_as_it_was(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["report", "report.json"]) == 0
    shown = capsys.readouterr().out
    assert "✓ SUPPORTED" in shown
    assert "“It offered to mediate.”" in shown


def test_it_becomes_a_page_without_checking_anything(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["report", "report.json", "--output", "page.html", "--lang", "en"]) == 0
    page = (saved.parent / "page.html").read_text()
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert "Report written to page.html" in capsys.readouterr().err


def test_json_stays_the_same(saved: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["report", "report.json", "--format", "json"]) == 0
    assert json.loads(capfd.readouterr().out) == json.loads(saved.read_text())


def test_failures_in_it_are_still_code_1(saved: Path, made: Make) -> None:
    saved.write_text(report_to_json(replace(made(), outcomes=(Failure("c1", "judge", "E", "m"),))))
    assert cli.run(["report", "report.json"]) == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "not a report"), (b"{}", "not a report"), (b"\x89PNG", "not a report"), (None, "no such file")],
)
def test_what_is_no_report_is_one_line_and_code_2(
    saved: Path, content: bytes | None, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    saved.unlink()
    if content is not None:
        saved.write_bytes(content)
    assert cli.run(["report", "report.json"]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert says in output.err
    assert output.err.count("\n") == 1
