"""The places evidence comes from, found by name.

A third party adds one through an entry point of the group `saring.connectors`: the name is what the command line takes,
the object is a class (or any callable) whose result is a `Connector`; it gets the keyword arguments it names from
those that `load_connector` was given (`fetcher`, ...).
"""

from __future__ import annotations

import importlib
import inspect
from typing import Any, cast

from retrieval.connectors.base import Connector, Found, Rejected
from retrieval.errors import InputError

__all__ = ["ENTRY_POINTS", "Connector", "Found", "Rejected", "connector_names", "load_connector"]

ENTRY_POINTS = "saring.connectors"
"""The entry point group that third parties register connectors in."""

# Module and class of each, so that none is imported before it is asked for.
_BUILT_IN = {
    "brave": "retrieval.connectors.brave:BraveConnector",
    "cards": "retrieval.connectors.cards:CardsConnector",
    "factcheck": "retrieval.connectors.factcheck:FactCheckConnector",
    "feed": "retrieval.connectors.feed:FeedConnector",
    "folder": "retrieval.connectors.folder:FolderConnector",
    "gdelt": "retrieval.connectors.gdelt:GdeltConnector",
    "searxng": "retrieval.connectors.searxng:SearxngConnector",
    "tavily": "retrieval.connectors.tavily:TavilyConnector",
    "url": "retrieval.connectors.url:UrlConnector",
    "wayback": "retrieval.connectors.wayback:WaybackConnector",
    "wikipedia": "retrieval.connectors.wikipedia:WikipediaConnector",
}


def connector_names() -> tuple[str, ...]:
    """The names that `load_connector` knows, sorted: those built in and those that entry points add."""
    return tuple(sorted({*_BUILT_IN, *(point.name for point in _entry_points())}))


def load_connector(name: str, **options: Any) -> Connector:
    """Make a connector.

    Args:
        name: One of `connector_names()`. A built-in name cannot be taken over by an entry point.
        options: What the connector may need (`fetcher`, ...); each gets those that its signature names.

    Returns:
        The connector, ready to `find`.

    Raises:
        InputError: There is no connector of that name.
        ConnectorError: It cannot be set up (no API key, ...); raised by the connector itself.
    """
    if name in _BUILT_IN:
        module, _, attribute = _BUILT_IN[name].partition(":")
        factory = getattr(importlib.import_module(module), attribute)
    else:
        for point in _entry_points():
            if point.name == name:
                factory = point.load()
                break
        else:
            raise InputError(f"there is no connector {name!r}; there are: {', '.join(connector_names())}")
    return cast(Connector, factory(**_wanted(factory, options)))


def _entry_points() -> Any:
    from importlib.metadata import entry_points

    return entry_points(group=ENTRY_POINTS)


def _wanted(factory: Any, options: dict[str, Any]) -> dict[str, Any]:
    parameters = inspect.signature(factory).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return options
    names = {parameter.name for parameter in parameters}
    return {name: value for name, value in options.items() if name in names}
