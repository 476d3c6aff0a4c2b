"""Connectors by name: those built in, and those that others add."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint

import pytest

from retrieval import connectors
from retrieval.connectors import Connector, Found, connector_names, load_connector
from retrieval.errors import InputError, RetrievalError


class Theirs:
    name = "theirs"
    searches = True

    def __init__(self, key: str = "") -> None:
        self.key = key

    def find(self, what: str, *, limit: int | None = None, language: str = "") -> Iterator[Found]:
        yield from ()


def test_files_and_cards_are_built_in() -> None:
    for name in ("folder", "cards"):
        connector = load_connector(name, fetcher=None, something="else")
        assert isinstance(connector, Connector)
        assert connector.name == name
        assert not connector.searches
    assert list(connector_names()) == sorted(connector_names())


def test_a_third_party_adds_one(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [EntryPoint("theirs", f"{__name__}:Theirs", connectors.ENTRY_POINTS)]
    monkeypatch.setattr(EntryPoint, "load", lambda self: Theirs)
    points.append(EntryPoint("folder", f"{__name__}:Theirs", connectors.ENTRY_POINTS))
    monkeypatch.setattr(connectors, "_entry_points", lambda: points)
    assert "theirs" in connector_names()
    made = load_connector("theirs", key="k", unwanted=1)
    assert isinstance(made, Theirs)
    assert made.key == "k"
    assert not isinstance(load_connector("folder"), Theirs), "a built-in name cannot be taken over"


def test_an_unknown_name_lists_those_there_are() -> None:
    with pytest.raises(RetrievalError, match=r"nothing-like-it.*folder") as caught:
        load_connector("nothing-like-it")
    assert isinstance(caught.value, InputError)
