from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import checker.chat
from checker.chat import wording
from checker.chat.wording import say

ROOM = Path(checker.chat.__file__).parent


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_say_the_same_things() -> None:
    indonesian, english = wording._SAY["id"], wording._SAY["en"]
    assert set(indonesian) == set(english)
    differing = [name for name in english if places(indonesian[name]) != places(english[name])]
    assert differing == []


def test_every_sentence_is_used() -> None:
    code = "".join(path.read_text() for path in ROOM.rglob("*.py") if path.name != "wording.py")
    tones = set(re.findall(r'tone = "(\w+)"', (ROOM / "data" / "requests.toml").read_text()))
    made = {"kind_opinion", "kind_prediction", "for", "against", "near", "shown", "refusal", "opinion", "who", "which"}
    unused = [
        name for name in wording._SAY["en"] if not re.search(f"[\"']{name}[\"']", code) and name not in tones | made
    ]
    assert unused == []


def test_a_place_left_empty_is_an_error() -> None:
    with pytest.raises(KeyError):
        say("no_number", "id", number=3)
    with pytest.raises(KeyError):
        say("nothing of the kind", "id")
