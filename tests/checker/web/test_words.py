from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from babel.messages.extract import extract_from_dir

from checker.web.speech import speak
from checker.web.words import FOLDER, catalogs, translations

WEB = FOLDER.parent
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "mark": None}
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {"templates/**.html": {"newstyle_gettext": "true", "extensions": "jinja2.ext.do"}}


def messages() -> dict[object, str]:
    """Every message of the code and the templates, and where it stands."""
    found = extract_from_dir(str(WEB), METHODS, OPTIONS, keywords=KEYWORDS)
    return {message: f"{name}:{line}" for name, line, message, _, _ in found}


def test_every_message_is_said_in_indonesian() -> None:
    known = {
        message.id: message for catalog in catalogs("id") for message in catalog if message.id and not message.fuzzy
    }
    wanted = messages()
    assert len(wanted) > 200
    missing = []
    for message, where in wanted.items():
        entry = known.get(message)
        said = entry.string if entry is not None else ""
        if not (said if isinstance(said, str) else all(said)):
            missing.append(f"{where}: {message!r}")
    assert missing == []


def test_placeholders_survive() -> None:
    for catalog in catalogs("id"):
        for message in catalog:
            if message.id:
                assert [str(error) for error in message.check(catalog)] == []


def test_nothing_is_translated_that_nobody_says() -> None:
    wanted = set(messages())
    stale = [
        message.id
        for catalog in catalogs("id")
        if catalog.domain != "errors"
        for message in catalog
        if message.id and message.id not in wanted
    ]
    assert stale == []


def refusals() -> Iterator[tuple[str, str]]:
    """Every refusal that the queue and the pages raise, with X where something of the moment stands."""
    kinds = {"NotFound", "NotAllowed", "WrongState", "Held", "Incomplete", "KeyReused", "LoginFailed", "Forged"}
    kinds |= {"NotSignedIn"}
    for path in sorted([*(WEB.parent / "review").glob("*.py"), *WEB.rglob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kinds and node.args:
                text = said(node.args[0])
                if re.search(r"[a-z]{2}", text):  # something besides what it wraps
                    yield text, f"{path.name}:{node.lineno}"


def said(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join("X" if isinstance(part, ast.FormattedValue) else str(part.value) for part in node.values)  # type: ignore[attr-defined]
    if isinstance(node, ast.IfExp):
        return said(node.body)
    return ""


def test_every_refusal_is_said_in_indonesian() -> None:
    found = list(refusals())
    assert len(found) > 40
    assert [f"{where}: {text}" for text, where in found if speak(text, "id") == text] == []


@pytest.mark.parametrize(
    ("english", "indonesian"),
    [
        ("cannot approve an item that is new", "klaim yang baru tidak bisa: setujui"),
        ("somebody else holds this item", "klaim ini sedang dipegang orang lain"),
        ("never said by anything", "never said by anything"),
    ],
)
def test_what_a_refusal_holds_is_said_too(english: str, indonesian: str) -> None:
    assert speak(english, "id") == indonesian
    assert speak(english, "en") == english


def test_english_is_its_own_translation() -> None:
    assert translations("en").ugettext("Queue") == "Queue"
    assert translations("id").ungettext("%(num)s claim", "%(num)s claims", 2) == "%(num)s klaim"
