"""The command line, run as a program of its own and inside the test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from checker.types import Article, Attribution, Citation, Claim, Report, Verdict

ROOT = Path(__file__).parents[3]
PROGRAM = (sys.executable, "-c", "import sys; from checker.cli import main; sys.exit(main())")

Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, so that no test reads or writes that of whoever runs it."""
    for name in [name for name in os.environ if name.startswith("SARING_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for name in ("DATA", "CONFIG", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(folder / name.lower()))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    return folder


@pytest.fixture
def saring(home: Path, tmp_path: Path) -> Run:
    """Runs `saring` in `tmp_path`."""

    def run(*arguments: str, input: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*PROGRAM, *arguments],
            input=input,
            capture_output=True,
            cwd=tmp_path,
            env={**os.environ, **environment},
            timeout=300,
            check=False,
        )

    return run


ARTICLE = "Judul Berita\n\nJAKARTA - Rusia menawarkan diri sebagai penengah, kata Dmitry Peskov pada Senin.\n"
QUOTE = "Rusia menawarkan diri sebagai penengah"


def _made() -> Report:
    start = ARTICLE.index(QUOTE)
    return Report(
        "rep-1",
        Article("art-1", "", "Judul Berita", "", None, "id", ARTICLE),
        (Claim("c1", QUOTE, QUOTE, start, start + len(QUOTE), "", "quote", 0.9, Attribution("Dmitry Peskov")),),
        (
            Verdict(
                "c1",
                "supported",
                "corroborated",
                "needs_source",
                0.9,
                (Citation("s1", "s1#0", "", "A News", "2025-06-23", "It offered to mediate.", 0, 22, "supports", 0.9),),
                1,
                "embedded",
            ),
        ),
        {},
        {},
        "2026-01-01T00:00:00+00:00",
        "2026-01-01T00:00:00+00:00",
        0.1,
    )


@pytest.fixture
def made() -> Callable[[], Report]:
    """Makes a report with one claim that is supported."""
    return _made
