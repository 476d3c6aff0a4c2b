"""`saring ask` and `saring chat`, run as programs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Run = Callable[..., "CompletedProcess[bytes]"]
CARDS = Path(__file__).parents[3] / "seeds" / "evidence"


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from retrieval.connectors.folder import FolderConnector
    from retrieval.store import EvidenceStore

    path = tmp_path_factory.mktemp("evidence") / "store"
    with EvidenceStore.open(path, mode="rw") as store:
        store.add(FolderConnector().find(str(CARDS)))
    return path


@pytest.mark.slow
def test_ask_answers_with_citations_in_every_format(saring: Run, evidence: Path) -> None:
    question = "Apakah Iran menembakkan rudal ke pangkalan Al Udeid di Qatar?"
    asked = ("ask", question, "--store", str(evidence), "--as-of", "2025-07-05")
    done = saring(*asked, "--format", "json")
    assert (done.returncode, done.stderr) == (0, b"")
    answer = json.loads(done.stdout)
    (judged,) = answer["verdicts"]
    assert judged["claim"]["text"] == "Iran menembakkan rudal ke pangkalan Al Udeid di Qatar."
    assert answer["as_of"].startswith("2025-07-05")
    checked = saring(
        "check", "--claim", judged["claim"]["quote"], "--store", str(evidence), "--as-of", "2025-07-05", "-f", "json"
    )
    (outcome,) = json.loads(checked.stdout)["outcomes"]
    for key in ("label", "reason", "content_label", "confidence", "origins"):
        assert judged["verdict"][key] == outcome[key]
    assert [c["quote"] for c in judged["verdict"]["citations"]] == [c["quote"] for c in outcome["citations"]]
    text = saring(*asked).stdout.decode()
    assert "Klaim yang diperiksa: Iran menembakkan" in text
    assert "**" not in text
    assert "Sumber:" in text
    markdown = saring(*asked, "--format", "markdown").stdout.decode()
    assert markdown.startswith("**Klaim yang diperiksa:**")


@pytest.mark.parametrize(
    ("arguments", "input", "message"),
    [
        (("ask", ""), b"", "there is nothing to answer"),
        (("ask", "-"), b" \n", "there is nothing to answer"),
        (("ask", "-"), b"\xff\xd8\xff\xe0", "is an image"),
        (("ask", "x", "--format", "yaml"), b"", "unknown format"),
        (("ask", "x", "--as-of", "besok"), b"", "cannot read"),
        (("ask",), b"", "see saring ask --help"),
        (("chat", "--as-of", "besok"), b"", "cannot read"),
        (("chat", "--database", "nosuch://x"), b"", "SARING_DATABASE_URL"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(saring: Run, arguments: tuple[str, ...], input: bytes, message: str) -> None:
    done = saring(*arguments, input=input)
    assert done.returncode == 2
    assert message in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_an_empty_store_cannot_answer(saring: Run) -> None:
    done = saring("ask", "Benarkah jembatan Sula ditutup?", "--store", "none")
    assert done.returncode == 1
    assert "saring evidence add" in done.stdout.decode()


@pytest.mark.slow
def test_chat_converses_over_a_pipe_and_remembers(saring: Run, evidence: Path, tmp_path: Path) -> None:
    said = "Gunung Lewotobi Laki-laki meletus pada 17 Juni 2025\n/sources\n/queue\nstatus antrean\n/nonsense\n/quit\n"
    where = ("--store", str(evidence), "--database", str(tmp_path / "chat.db"))
    done = saring("chat", *where, input=said.encode())
    assert (done.returncode, done.stderr) == (0, b"")
    shown = done.stdout.decode()
    assert "Klaim yang diperiksa: Gunung Lewotobi" in shown
    assert "https://" in shown
    assert shown.count("itm-") >= 2
    assert "There is no command /nonsense" in shown
    assert "\x1b" not in shown
    again = saring("chat", *where, input=b"/history\n/open 1\nmana buktinya?\n").stdout.decode()
    assert "Gunung Lewotobi Laki-laki meletus" in again
    assert "mendukung" in again
    with sqlite3.connect(tmp_path / "chat.db") as database:
        assert database.execute("SELECT COUNT(*) FROM conversations").fetchone() == (1,)
