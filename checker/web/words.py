"""The languages of the pages: catalogs under `locale/`, one folder a language, read and compiled when first used.

The messages in code and templates are English; Indonesian is the first language readers get. A part of the site may
bring a catalog of its own: every `.po` file in the folder counts.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from checker.review.transitions import Action, Role, State

Locale = Literal["id", "en"]
LOCALES: tuple[Locale, ...] = ("id", "en")
FIRST: Locale = "id"
FOLDER = Path(__file__).parent / "locale"


def mark(message: str) -> str:
    """Mark a message for the catalog; it is translated where it is shown."""
    return message


def catalogs(locale: Locale) -> list[Catalog]:
    """The catalogs of a language, in order of their names."""
    found = []
    for path in sorted((FOLDER / locale).glob("*.po")):
        with path.open("rb") as file:
            found.append(read_po(file, locale=locale, domain=path.stem))
    return found


@cache
def translations(locale: Locale) -> NullTranslations:
    """The messages of a language, compiled. English messages are their own translation."""
    merged: NullTranslations = NullTranslations()
    for catalog in catalogs(locale):
        buffer = io.BytesIO()
        write_mo(buffer, catalog)
        buffer.seek(0)
        compiled = Translations(fp=buffer)
        merged = compiled.merge(merged) if isinstance(merged, Translations) else compiled
    return merged


def locale_named(name: str | None) -> Locale | None:
    """A language by its name, None where it is not one of ours."""
    return name if name in LOCALES else None


def say(locale: Locale, message: str) -> str:
    """A message in a language."""
    return str(translations(locale).ugettext(message))


STATE_WORDS: Mapping[str, str] = {
    State.NEW: mark("new"),
    State.CLAIMED: mark("claimed"),
    State.DECIDED: mark("decided"),
    State.IN_SECOND_REVIEW: mark("in second review"),
    State.APPROVED: mark("approved"),
    State.PUBLISHED: mark("published"),
    State.CORRECTED: mark("corrected"),
    State.RETURNED: mark("returned"),
    State.MERGED: mark("merged"),
}
ACTION_WORDS: Mapping[str, str] = {
    Action.CLAIM: mark("Claim"),
    Action.RELEASE: mark("Release"),
    Action.HAND_OVER: mark("Hand over"),
    Action.DECIDE: mark("Decide"),
    Action.WITHDRAW: mark("Withdraw the decision"),
    Action.TAKE_SECOND: mark("Take the second review"),
    Action.APPROVE: mark("Approve"),
    Action.RETURN: mark("Return"),
    Action.PUBLISH: mark("Publish"),
    Action.REOPEN: mark("Reopen to correct"),
    Action.MERGE: mark("Merge"),
    Action.COMMENT: mark("Comment"),
    Action.KEEP: mark("Keep the decision"),
    Action.KEEP: mark("Keep the decision"),
}
ROLE_WORDS: Mapping[str, str] = {
    Role.VIEWER: mark("viewer"),
    Role.CHECKER: mark("checker"),
    Role.EDITOR: mark("editor"),
    Role.ADMIN: mark("administrator"),
}
PUBLISHER_WORDS: Mapping[str, str] = {
    "wire": mark("news agency"),
    "state_media": mark("state media"),
    "official": mark("official body"),
    "newspaper": mark("newspaper"),
    "online_news": mark("online news"),
    "broadcaster": mark("broadcaster"),
    "fact_checker": mark("fact-checker"),
    "encyclopedia": mark("encyclopedia"),
    "aggregator": mark("aggregator"),
    "ngo": mark("NGO"),
}
"""What a source's publisher is; others are shown as the card names them."""
