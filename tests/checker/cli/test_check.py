from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

import checker.cli.root as cli
from checker.asof import parse_as_of
from checker.errors import JudgeError, StoreEmpty
from checker.pipeline import Checker
from checker.settings import Settings
from checker.types import Article, Report
from checker.types import Failure as Failed

ARTICLE = "Judul Berita\n\nJAKARTA - Rusia menawarkan diri sebagai penengah, kata Dmitry Peskov pada Senin.\n"
Run = Callable[..., "CompletedProcess[bytes]"]


class Fake:
    """A checker that answers with a report made beforehand, and remembers what it was asked."""

    def __init__(self, report: Report | Exception) -> None:
        self.report = report
        self.settings: Settings | None = None
        self.asked: list[tuple[str, Any, Any]] = []
        self.closed = 0

    def __enter__(self) -> Fake:
        return self

    def __exit__(self, *error: object) -> None:
        self.closed += 1

    def check(self, article: Article, *, as_of: Any = None, progress: Any = None) -> Report:
        self.asked.append(("article", article, as_of))
        return self._answer()

    def check_claim(self, text: str, *, as_of: Any = None, progress: Any = None) -> Report:
        self.asked.append(("claim", text, as_of))
        return self._answer()

    def _answer(self) -> Report:
        if isinstance(self.report, BaseException):
            raise self.report
        return self.report


@pytest.fixture
def fake(home: Path, made: Callable[[], Report], monkeypatch: pytest.MonkeyPatch) -> Fake:
    checker = Fake(made())

    def open_(*, settings: Settings) -> Fake:
        checker.settings = settings
        return checker

    monkeypatch.setattr(Checker, "open", open_)
    return checker


@pytest.fixture
def article(tmp_path: Path) -> str:
    path = tmp_path / "article.txt"
    path.write_text(ARTICLE)
    return str(path)


class TestCheck:
    def test_an_article_is_read_checked_and_shown(
        self, fake: Fake, article: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert cli.run(["check", article]) == 0
        ((kind, asked, moment),) = fake.asked
        assert kind == "article"
        assert asked.text == ARTICLE
        assert (datetime.now(UTC) - moment).total_seconds() < 60
        assert fake.closed == 1
        output = capsys.readouterr()
        assert "✓ SUPPORTED" in output.out
        assert "1 claim: 1 supported" in output.out
        assert output.err == ""

    def test_one_claim(self, fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.run(["check", "--claim", "Trump memberi tahu Putin", "--as-of", "2025-06-24"]) == 0
        assert fake.asked == [("claim", "Trump memberi tahu Putin", parse_as_of("2025-06-24"))]

    def test_flags_reach_the_settings(self, fake: Fake, article: str, tmp_path: Path) -> None:
        arguments = [
            "--store",
            str(tmp_path / "s"),
            "--judge",
            "cascade",
            "--retrieve",
            "wikipedia,gdelt",
            "--lang",
            "id",
        ]
        assert cli.run(["check", article, *arguments]) == 0
        assert fake.settings is not None
        assert fake.settings.store == str(tmp_path / "s")
        assert fake.settings.judge == "cascade"
        assert fake.settings.retrieve == "wikipedia,gdelt"
        assert fake.settings.language == "id"

    def test_without_flags_the_environment_decides(
        self, fake: Fake, article: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SARING_STORE", "/somewhere/else")
        cli.run(["check", article])
        assert fake.settings is not None
        assert fake.settings.store == "/somewhere/else"

    def test_json_is_one_object_and_nothing_else(
        self, fake: Fake, article: str, capfdbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        assert cli.run(["check", article, "--format", "json"]) == 0
        output = capfdbinary.readouterr()
        assert json.loads(output.out)["outcomes"][0]["label"] == "supported"
        assert output.err == b""

    @pytest.mark.parametrize(
        ("format", "begins"), [("markdown", "# Judul Berita"), ("html", '<!DOCTYPE html>\n<html lang="id">')]
    )
    def test_documents_speak_the_language_of_the_article(
        self, fake: Fake, article: str, format: str, begins: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        assert cli.run(["check", article, "--format", format]) == 0
        shown = capfd.readouterr().out
        assert shown.startswith(begins)
        assert "didukung" in shown.lower()

    def test_a_report_in_a_file(
        self, fake: Fake, article: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        target = tmp_path / "report.html"
        assert cli.run(["check", article, "--output", str(target)]) == 0
        assert target.read_text().startswith("<!DOCTYPE html>")
        output = capsys.readouterr()
        assert output.out == ""
        assert "1 claim: 1 supported" in output.err
        assert str(target.name) in output.err

    def test_a_page_beside_the_printed_report(
        self, fake: Fake, article: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert cli.run(["check", article, "--html", str(tmp_path / "report.html")]) == 0
        assert (tmp_path / "report.html").read_text().startswith("<!DOCTYPE html>")
        output = capsys.readouterr()
        assert "✓ SUPPORTED" in output.out
        assert "report.html" in output.err

    def test_a_claim_that_failed_is_code_1_and_the_report_is_there_all_the_same(
        self, fake: Fake, article: str, made: Callable[[], Report], capsys: pytest.CaptureFixture[str]
    ) -> None:
        fake.report = replace(made(), outcomes=(Failed("c1", "judge", "TimeoutError", "no answer"),))
        assert cli.run(["check", article]) == 1
        assert "1 failed" in capsys.readouterr().out

    @pytest.mark.parametrize("error", [StoreEmpty("the store is empty"), JudgeError("it cannot hear")])
    def test_what_the_checker_refuses_is_code_2(
        self, fake: Fake, article: str, error: Exception, capsys: pytest.CaptureFixture[str]
    ) -> None:
        fake.report = error
        assert cli.run(["check", article]) == 2
        assert capsys.readouterr().err == f"saring: error: {error}\n"
        assert fake.closed == 1

    def test_stopping_half_way_leaves_the_old_report(
        self, fake: Fake, article: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        target = tmp_path / "report.json"
        target.write_text("old")
        fake.report = KeyboardInterrupt()  # type: ignore[assignment]
        before = sorted(tmp_path.iterdir())
        assert cli.run(["check", article, "--output", str(target)]) == 130
        assert capsys.readouterr().err.strip() == "saring: stopped"
        assert target.read_text() == "old"
        assert sorted(tmp_path.iterdir()) == before
        assert fake.closed == 1


class TestBadInput:
    """One line on stderr that says what to do, nothing on stdout, code 2, and no work begun."""

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            ([], "give an article"),
            (["article.txt", "--claim", "x"], "give an article"),
            (["missing.txt"], "no such file: missing.txt"),
            (["."], "is a folder"),
            (["empty.txt"], "empty"),
            (["blank.txt"], "empty"),
            (["binary.bin"], "not text"),
            (["picture.png"], "an image"),
            (["huge.txt"], "huge.txt has "),
            (["latin.txt"], "UTF-8"),
            (["article.txt", "--as-of", "yesterday"], "write it as 2025-06-23"),
            (["article.txt", "--as-of", "2025-06-31"], "write it as 2025-06-23"),
            (["article.txt", "--as-of", ""], "write it as 2025-06-23"),
            (["article.txt", "--format", "pdf"], "unknown format 'pdf'; choose one of: html, json, markdown, text"),
            (["article.txt", "--output", "no/such/report.html"], "there is no folder"),
            (["article.txt", "--output", "."], "it is a folder"),
            (["article.txt", "--html", "no/such/report.html"], "there is no folder"),
            (["article.txt", "--lang", "fr"], "language"),
        ],
    )
    def test_one_line_and_code_2(
        self,
        arguments: list[str],
        says: str,
        fake: Fake,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "article.txt").write_text(ARTICLE)
        (tmp_path / "empty.txt").write_bytes(b"")
        (tmp_path / "blank.txt").write_text(" \n\t\n")
        (tmp_path / "binary.bin").write_bytes(bytes(range(32)) * 40)
        (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
        (tmp_path / "latin.txt").write_bytes("ĂŞĐ příliš žluťoučký".encode("iso8859-2", "replace") * 20)
        with (tmp_path / "huge.txt").open("wb") as file:
            file.truncate(50_000_000)  # sparse: takes no room
        assert cli.run(["check", *arguments]) == 2
        output = capsys.readouterr()
        assert output.out == ""
        assert output.err.startswith("saring: error: ")
        assert output.err.count("\n") == 1
        assert says in output.err
        assert fake.asked == []

    @pytest.mark.skipif(sys.platform != "linux", reason="needs a folder that not even root can write to")
    def test_an_output_that_may_not_be_written(self, saring: Run, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text(ARTICLE)
        # Nobody, root included, makes a file there.
        run = saring("check", "a.txt", "--output", "/sys/report.html")
        assert run.returncode == 2
        assert run.stderr.startswith(b"saring: error: cannot write to /sys/report.html: ")
        assert run.stderr.count(b"\n") == 1


class TestAsAProgram:
    """The same through a real process, with nothing replaced."""

    def test_missing_file(self, saring: Run) -> None:
        run = saring("check", "missing.txt")
        assert (run.returncode, run.stdout) == (2, b"")
        assert run.stderr.startswith(b"saring: error: no such file: missing.txt")
        assert run.stderr.count(b"\n") == 1

    def test_empty_standard_input(self, saring: Run) -> None:
        run = saring("check", "-")
        assert (run.returncode, run.stdout) == (2, b"")
        assert b"empty" in run.stderr

    def test_a_settings_file_that_is_not_toml(self, saring: Run, tmp_path: Path) -> None:
        (tmp_path / "bad.toml").write_text("judge = [")
        run = saring("check", "--claim", "x", SARING_CONFIG=str(tmp_path / "bad.toml"))
        assert run.returncode == 2
        assert b"is not valid TOML" in run.stderr

    def test_an_empty_store(self, saring: Run) -> None:
        run = saring("check", "--claim", "Putin menerima Araghchi di Kremlin.", "--store", "nothing-here")
        assert (run.returncode, run.stdout) == (2, b"")
        assert run.stderr.startswith(
            b"saring: error: the evidence store nothing-here is empty; add evidence with: saring"
        )
        assert run.stderr.count(b"\n") == 1

    def test_an_article_with_no_claims(self, saring: Run, tmp_path: Path) -> None:
        (tmp_path / "card.jsonl").write_text(
            json.dumps({"id": "a", "text": "Putin menerima Araghchi di Kremlin pada Senin."}) + "\n"
        )
        assert saring("evidence", "add", "card.jsonl", "--store", "s").returncode == 0
        run = saring("check", "-", "--store", "s", input=b"Baca juga: Daftar nomor darurat\n")
        assert (run.returncode, run.stdout) == (2, b"")
        assert b"no claim" in run.stderr
        assert run.stderr.count(b"\n") == 1
