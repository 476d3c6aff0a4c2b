"""What docs/queue.md tells the receivers of webhooks to do is what works."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from checker.review.webhooks import PAUSES, TOLERANCE, TRIES, sign

PAGE = (Path(__file__).parents[3] / "docs" / "queue.md").read_text(encoding="utf-8")


@pytest.fixture
def genuine() -> Any:
    code = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert code is not None
    names: dict[str, Any] = {}
    exec(code[1], names)
    return names["genuine"]


def test_the_receivers_code_takes_ours_and_nothing_else(genuine: Any) -> None:
    body, now = '{"a": "é"}', int(time.time())
    headers = {"Saring-Timestamp": str(now), "Saring-Signature": sign("whsec_x", now, body)}
    assert genuine("whsec_x", headers, body.encode())
    assert not genuine("whsec_y", headers, body.encode())
    assert not genuine("whsec_x", headers, body.encode() + b" ")
    old = now - TOLERANCE - 5
    assert not genuine(
        "whsec_x", {"Saring-Timestamp": str(old), "Saring-Signature": sign("whsec_x", old, body)}, body.encode()
    )


def test_the_numbers_are_the_codes() -> None:
    assert TRIES == 8
    assert "eight times in 21 hours" in PAGE
    assert round(sum(PAUSES) / 3600) == 21
