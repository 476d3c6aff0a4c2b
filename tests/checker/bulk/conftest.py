"""Bulk runs with a checker that loads no models, on processes of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from checker.bulk import run
from checker.bulk.local import LocalEngine
from checker.bulk.run import Summary
from checker.bulk.testing import ScriptedJob
from checker.settings import load_settings

Run = Callable[..., Summary]


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def bulk(tmp_path: Path, output: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs or continues a run over a JSONL file, with two processes."""
    monkeypatch.setenv("SARING_CONFIG", str(tmp_path / "none.toml"))

    def start(*inputs: Path, workers: int = 2, **options: Any) -> Summary:
        settings = load_settings(store=str(tmp_path / "store"))
        engine = options.pop("engine", None) or LocalEngine(workers)
        return run.check(list(inputs), output, settings, engine, kind=ScriptedJob, workers=workers, **options)

    return start


@pytest.fixture
def lines(tmp_path: Path) -> Callable[[Sequence[str]], Path]:
    """A JSONL file with an article for each text."""

    def write(texts: Sequence[str]) -> Path:
        path = tmp_path / "articles.jsonl"
        rows = [{"id": f"a{i}", "title": f"t{i}", "text": text} for i, text in enumerate(texts)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path

    return write
