"""What the queue refuses, and what its log says, in the reader's language.

Refusals are English sentences of the services. The catalog `errors.po` knows them, with `%(name)s` where a sentence
holds something of the moment; a sentence that it does not know is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from checker.review.records import Event
from checker.web.words import ACTION_WORDS, ROLE_WORDS, STATE_WORDS, Locale, catalogs, mark, translations

_PLACE = re.compile(r"%\((\w+)\)s")

EVENT_WORDS: Mapping[str, str] = {
    "enter": mark("put it into the queue"),
    "claim": mark("claimed it"),
    "release": mark("released it"),
    "hand_over": mark("handed it over"),
    "decide": mark("decided on it"),
    "withdraw": mark("withdrew the decision"),
    "take_second": mark("took the second review"),
    "approve": mark("approved it"),
    "return": mark("returned it"),
    "publish": mark("published it"),
    "reopen": mark("reopened it to correct"),
    "merge": mark("merged it"),
    "comment": mark("commented"),
    "keep": mark("kept the decision after a look at the new evidence"),
    "recheck": mark("found new evidence"),
    "reveal": mark("looked at the machine’s suggestion"),
    "dismiss_merge": mark("kept it apart from another"),
}


def speak(message: str, locale: Locale) -> str:
    """A refusal in a language."""
    if locale == "en":
        return message
    say = translations(locale).ugettext
    for pattern, msgid in _patterns(locale):
        if match := pattern.fullmatch(message):
            return str(say(msgid)) % {name: _word(value, locale) for name, value in match.groupdict().items()}
    return message


def event_words(event: Event, locale: Locale) -> str:
    """What an event says was done."""
    words = EVENT_WORDS.get(event.action)
    return str(translations(locale).ugettext(words)) if words else event.action.replace("_", " ")


@cache
def _patterns(locale: Locale) -> tuple[tuple[re.Pattern[str], str], ...]:
    found = []
    for catalog in catalogs(locale):
        if catalog.domain != "errors":
            continue
        for message in catalog:
            if isinstance(message.id, str) and message.id and message.string:
                parts = _PLACE.split(message.id)
                texts, names = parts[::2], parts[1::2]
                pattern = re.escape(texts[0])
                for name, text in zip(names, texts[1:], strict=True):
                    pattern += f"(?P<{name}>.+?){re.escape(text)}"
                found.append((re.compile(pattern, re.DOTALL), message.id))
    # Sentences without a gap first, then those that say most.
    return tuple(sorted(found, key=lambda one: ("%(" in one[1], -len(one[1]))))


def _word(value: str, locale: Locale) -> str:
    words = STATE_WORDS.get(value) or ACTION_WORDS.get(value) or ROLE_WORDS.get(value)
    return str(translations(locale).ugettext(words)).lower() if words else value
