"""Every note is known in both languages, and known again from its English sentence."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

import checker
from checker.cues import AXES
from checker.injection import _ADDRESS
from checker.notes import _NOTES, _OURS, _OWN, in_language, note

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
PACKAGE = Path(checker.__file__).parent


def _places(template: str) -> set[str]:
    return {place for _, place, _, _ in Formatter().parse(template) if place}


@pytest.mark.parametrize("name", sorted(_NOTES))
def test_both_languages_have_the_same_places(name: str) -> None:
    template = _NOTES[name]
    assert _places(template.en) == _places(template.id)
    assert template.en != template.id


@pytest.mark.parametrize("name", sorted(_NOTES))
def test_a_note_is_known_again_by_its_sentence(name: str) -> None:
    values = {place: f"<{place}>" for place in _places(_NOTES[name].en)}
    assert in_language(note(name, **values), "id") == _NOTES[name].id.format(**values)
    assert in_language(note(name, **values), "en") == note(name, **values)


def test_our_own_words_inside_a_note_are_translated_too() -> None:
    for axis in AXES:
        assert {axis.name, axis.plus, axis.minus} <= set(_OWN), axis
    for order, _ in _ADDRESS:
        assert order in _OWN
    text = note("order", order="dictates a label, in hidden text")
    assert in_language(text, "id") == "Sumber ini mendikte label, dalam teks tersembunyi."


def test_what_a_source_says_is_left_as_it_is() -> None:
    text = note("name_replaced", name="more", rival="the source")
    assert in_language(text, "id") == "Klaim menyebut more; sumber menyebut the source pada tempatnya."


def test_values_with_the_template_s_own_punctuation() -> None:
    text = note("other_value", claimed="Rp1,2 triliun; 5", stated="“Rp1.3 trillion”, “7 {percent}”")
    assert (
        in_language(text, "id") == "Klaim menyebut “Rp1,2 triliun; 5”; sumber menyebut “Rp1.3 trillion”, “7 {percent}”."
    )


def test_a_sentence_that_is_no_note_stays() -> None:
    assert in_language("searxng: no answer within 10 s", "id") == "searxng: no answer within 10 s"


def test_places_in_the_catalogue_that_are_ours_exist() -> None:
    assert set().union(*(_places(template.en) for template in _NOTES.values())) >= _OURS


def test_no_note_is_written_outside_the_catalogue() -> None:
    """Findings and verdicts take their sentences from `note`, or a reader in Jakarta meets English ones."""
    loose: list[str] = []
    checks = sorted((PACKAGE / "judges" / "checks").glob("*.py"))
    for path in [*checks, PACKAGE / "verdict.py", PACKAGE / "judges" / "entailment.py", PACKAGE / "judges" / "llm.py"]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docs = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, _DOCUMENTED)}
        loose += [
            f"{path.name}:{node.lineno}: {node.value}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in docs
            if re.match(r"(?:The|Only|They|A|This|On) .*\.$", node.value)
        ]
    assert not loose
