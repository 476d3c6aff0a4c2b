"""One module per part of the site, each offering what it has.

router    an `APIRouter` of pages
api       an `APIRouter`, mounted under `/api`
NAV       entries for the bar at the top of every page (`checker.web.pages.Nav`)
observe   `observe(app)`: called last, to put something around the whole application
running   `running(state)`: an async context manager that is entered while the server runs
"""

from __future__ import annotations

from importlib import import_module, util
from types import ModuleType

ORDER = (
    "home",
    "auth",
    "oidc",
    "account",
    "queue",
    "item",
    "checks",
    "chat",
    "publishing",
    "figures",
    "webhooks",
    "users",
    "api_queue",
    "api_accounts",
    "openai",
    "ops",
)
"""In the order in which their routes are tried, and in which their entries stand in the bar."""


def modules() -> list[ModuleType]:
    """The route modules, in order; a part that is not installed is absent."""
    names = [f"{__name__}.{name}" for name in ORDER]
    return [import_module(name) for name in names if util.find_spec(name) is not None]
