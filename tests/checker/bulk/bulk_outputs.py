"""What a bulk run left in its folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from checker.bulk import run
from checker.bulk.testing import LOG


def reports(output: Path) -> list[dict[str, Any]]:
    """Every row of a run's output."""
    files = sorted((output / "reports").glob("*.jsonl"))
    return [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]


def failures(output: Path) -> list[dict[str, Any]]:
    """Every line of a run's file of failures."""
    return [json.loads(line) for line in (output / run.FAILURES).read_text(encoding="utf-8").splitlines()]


def checked(output: Path) -> list[str]:
    """The title of each article each time that it was checked."""
    path = output / LOG
    return path.read_text(encoding="utf-8").split() if path.exists() else []
