"""Lists that give each name its number: the claim takes a number from one name and gives it to another."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checker.judges.checks.finding import Evidence, Finding
from checker.judges.checks.numbers import agree
from checker.judges.checks.quantity import Quantity, find_quantities
from checker.notes import note
from retrieval.names import NameSpan, find_names, same_name

_SWAPPED = 0.1
_ITEM = re.compile(r"[,;:.]\s|\s(?:dan|and|sedangkan|sementara|while|disusul|followed by|serta)\s")
_NAMED = frozenset({"person", "place", "organisation", "other"})


def check_bindings(claim: str, evidence: Evidence) -> list[Finding]:
    """A number of the claim that the evidence gives to another name, while it gives the claim's name another number.

    Only items of a list count that hold one name and one number each ("Cugenang 397 jiwa, disusul Cianjur 78, ... dan
    Pacet 23"), and only claims of one number.

    Returns:
        At most one finding.
    """
    wanted = [quantity for quantity in find_quantities(claim) if not quantity.weak]
    names = [name for name in find_names(claim) if name.type in _NAMED]
    if len(wanted) != 1 or not names:
        return []
    items = list(_items(evidence.text, evidence.spoken))
    for name in names:
        own = [quantity for other, quantity in items if same_name(name.text, other.text)]
        others = [
            other.text
            for other, quantity in items
            if agree(wanted[0], quantity) and not any(same_name(mine.text, other.text) for mine in names)
        ]
        if len(own) == 1 and others and not agree(wanted[0], own[0]):
            reason = note("bound_elsewhere", value=wanted[0].text, other=others[0], own=own[0].text, name=name.text)
            return [Finding("binding", "refute", _SWAPPED, reason)]
    return []


def _items(text: str, language: str) -> Iterator[tuple[NameSpan, Quantity]]:
    """The items of a list that hold exactly one name and exactly one number."""
    edges = [0, *(edge for match in _ITEM.finditer(text) for edge in match.span()), len(text)]
    names = [name for name in find_names(text) if name.type in _NAMED]
    quantities = [quantity for quantity in find_quantities(text, language) if not quantity.weak]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        inside = [name for name in names if start <= name.start and name.end <= end]
        counted = [quantity for quantity in quantities if start <= quantity.start and quantity.end <= end]
        if len(inside) == 1 and len(counted) == 1:
            yield inside[0], counted[0]
