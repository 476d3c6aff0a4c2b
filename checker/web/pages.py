"""Pages: templates with everything escaped and made inert, in the reader's language and colours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from babel.dates import LOCALTZ, format_datetime, format_timedelta
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from checker.notes import in_language
from checker.render.base import clean, guess_language, safe_url, show_date
from checker.render.words import words
from checker.review.records import Actor
from checker.review.transitions import RANK, Role
from checker.web.security import CSRF_FIELD, Identity, keep_visit, visit_token
from checker.web.speech import event_words, speak
from checker.web.words import (
    ACTION_WORDS,
    FIRST,
    LOCALES,
    PUBLISHER_WORDS,
    ROLE_WORDS,
    STATE_WORDS,
    Locale,
    locale_named,
    translations,
)

HERE = Path(__file__).parent
THEMES = ("auto", "light", "dark")

LANGUAGE_COOKIE = "__Host-saring-language"
THEME_COOKIE = "__Host-saring-theme"
BLIND_COOKIE = "__Host-saring-blind"
KEYS_COOKIE = "__Host-saring-keys"
FLASH_COOKIE = "__Host-saring-flash"


@dataclass(frozen=True, slots=True)
class Nav:
    """An entry of the bar at the top.

    Attributes:
        href: Where it leads; the entry is current where the page's path begins with it.
        label: Its words, marked for the catalog.
        role: Least role that sees it; None for everybody, strangers too.
    """

    href: str
    label: str
    role: Role | None = Role.VIEWER


NAV: list[Nav] = []
"""Filled by `create_app` from the route modules."""


def locale_of(request: Request) -> Locale:
    """The language of a reader: what they chose, else what the server is set to, else Indonesian."""
    settings = request.app.state.saring.settings
    return locale_named(request.cookies.get(LANGUAGE_COOKIE)) or locale_named(settings.language) or FIRST


def gettext_of(request: Request) -> Any:
    """What says a message in the reader's language; call it `_`, by which the catalog's messages are found."""
    return translations(locale_of(request)).ugettext


def page(request: Request, name: str, /, *, status_code: int = 200, **context: Any) -> Response:
    """Render a page.

    Args:
        request: The request it answers.
        name: The template, under `templates/`.
        status_code: Status of the answer.
        context: What the template shows; text in it is data, and is escaped.
    """
    locale = locale_of(request)
    identity: Identity | None = getattr(request.state, "identity", None)
    user = identity.actor if identity else None
    theme = request.cookies.get(THEME_COOKIE, "auto")
    shared: dict[str, Any] = {
        "request": request,
        "path": request.url.path,
        "here": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        "locale": locale,
        "other_locale": next(name for name in LOCALES if name != locale),
        "theme": theme if theme in THEMES else "auto",
        "keys": request.cookies.get(KEYS_COOKIE) != "off",
        "blind": request.cookies.get(BLIND_COOKIE) == "on",
        "user": user,
        "may": lambda role: user is not None and RANK[user.role] >= RANK[Role(role)],
        "csrf": identity.session.csrf if identity and identity.session else visit_token(request),
        "nonce": request.state.nonce,
        "nav": [entry for entry in NAV if _sees(user, entry)],
        "w": words(locale),
        "say_event": lambda event: event_words(event, locale),
        "speak": lambda message: speak(str(message), locale),
        "flash": translations(locale).ugettext(request.cookies[FLASH_COOKIE])
        if FLASH_COOKIE in request.cookies
        else "",
        "now": request.app.state.saring.review.clock(),
    }
    if "error" in context:
        context["error"] = speak(str(context["error"]), locale) if context["error"] else ""
    if "detail" in context:
        context["detail"] = speak(str(context["detail"]), locale)
    html = environment(locale).get_template(name).render({**shared, **context})
    response = HTMLResponse(html, status_code)
    if shared["flash"]:
        response.delete_cookie(FLASH_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    if identity is None:
        keep_visit(request, response)
    return response


def flash(response: Response, message: str) -> Response:
    """Have the next page say, once, that something was done. `message` is a msgid: never text from outside."""
    response.set_cookie(FLASH_COOKIE, message, max_age=60, path="/", secure=True, httponly=True, samesite="lax")
    return response


def local_path(path: str, otherwise: str = "/") -> str:
    """`path` where it leads somewhere on this site, else `otherwise`: nobody is sent on to a stranger's page."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if plain and "\\" not in path and len(path) < 2000 else otherwise


def _sees(user: Actor | None, entry: Nav) -> bool:
    return entry.role is None or (user is not None and RANK[user.role] >= RANK[entry.role])


@cache
def environment(locale: Locale) -> Environment:
    """The templates' environment in a language: everything is escaped, nothing undefined is let through."""
    env = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        finalize=inert,
    )
    env.install_gettext_translations(translations(locale), newstyle=True)  # type: ignore[attr-defined]
    env.globals.update(
        state_words=STATE_WORDS,
        action_words=ACTION_WORDS,
        role_words=ROLE_WORDS,
        publisher_words=PUBLISHER_WORDS,
        static=static_url,
        csrf_name=CSRF_FIELD,
        guess_language=guess_language,
    )
    env.filters.update(
        safe_url=lambda value: safe_url(str(value or "")),
        day=lambda value: show_date(value, locale),
        moment=lambda value: moment(value, locale),
        clock=lambda value: value.astimezone().strftime("%H.%M" if locale == "id" else "%H:%M"),
        note=lambda value: in_language(str(value), locale),
        ago=lambda value, now: ago(value, now, locale),
        percent=lambda value: f"{round(100 * float(value))}\N{NARROW NO-BREAK SPACE}%",
    )
    return env


def inert(value: Any) -> Any:
    """Whatever a template prints, without the characters that act instead of showing: controls, bidi overrides."""
    if isinstance(value, Markup):
        return Markup(clean(value))  # noqa: S704 - it was markup before
    return clean(value) if isinstance(value, str) else value


def moment(value: datetime | None, locale: Locale) -> Markup:
    """A moment as a `time` element, in the server's zone."""
    if value is None:
        return Markup("")
    shown = format_datetime(value, "d MMM y, HH.mm" if locale == "id" else "d MMM y, HH:mm", LOCALTZ, locale)
    full = format_datetime(value, "full", LOCALTZ, locale)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(value.astimezone(UTC).isoformat(), full, shown)


def ago(value: datetime, now: datetime, locale: Locale) -> Markup:
    """How long ago or ahead a moment is, as a `time` element."""
    shown = format_timedelta(value - now, add_direction=True, locale=locale)
    full = format_datetime(value, "full", LOCALTZ, locale)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(value.astimezone(UTC).isoformat(), full, shown)


@cache
def static_url(name: str) -> str:
    """Address of a static file, with a mark of its content so that browsers may keep it."""
    import hashlib

    digest = hashlib.sha256((HERE / "static" / name).read_bytes()).hexdigest()[:12]
    return f"/static/{escape(name)}?v={digest}"
