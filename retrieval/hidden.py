"""Text that a page holds but does not show: what a reader cannot see is not evidence, and may be aimed at a machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*0(?:\.0+)?(?![\d.])"
    r"|(?<![-\w])opacity\s*:\s*0(?:\.0+)?(?![\d.])|text-indent\s*:\s*-\d{3,}|(?:left|top)\s*:\s*-\d{4,}"
    r"|clip-path\s*:\s*inset\(\s*(?:50|100)%|(?<![-\w])clip\s*:\s*rect\(\s*0",
    re.IGNORECASE,
)
_SIMPLE = re.compile(r"(?:[a-z][a-z0-9]*)?([.#])([A-Za-z_][\w-]*)")
# What pages hide as a matter of course; it is taken out too, but says nothing about the page.
_FURNITURE = frozenset(
    {
        "nav",
        "form",
        "dialog",
        "menu",
        "aside",
        "footer",
        "header",
        "button",
        "select",
        "noscript",
        "template",
        "svg",
        "ul",
    }
)
_NO_TEXT = frozenset({"head", "script", "style", "meta"})
_FEW_WORDS = 8
_SHEET = 500_000  # characters of a style sheet that are read

_ZERO_WIDTH = re.compile("(?<=\\w)[\u200b\u2060\u180e\ufeff]+(?=\\w)|[\u200b\u2060\u180e\ufeff]{2,}")
# Tag characters spell out ASCII invisibly; the flags of England, Scotland and Wales are their one honest use.
_TAGS = re.compile("(?<!\U0001f3f4)(?<![\U000e0020-\U000e007f])[\U000e0000-\U000e007f]")
_REORDERING = re.compile("[\u202d\u202e]")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}")


def hidden_characters(text: str) -> tuple[str, ...]:
    """Return which kinds of invisible characters `text` holds: `zero-width`, `tags`, `reordering`, `selectors`."""
    kinds = (("zero-width", _ZERO_WIDTH), ("tags", _TAGS), ("reordering", _REORDERING), ("selectors", _SELECTORS))
    return tuple(name for name, pattern in kinds if pattern.search(text))


def remove_hidden(tree: Any) -> bool:
    """Take the elements that are not shown out of an lxml tree, in place.

    Seen are the `hidden` attribute, inline styles, and rules of the page's own `<style>` for one class or id. Rules of
    outside style sheets are not fetched, and colours are not compared.

    Returns:
        Whether more than furniture (menus, dialogs, a few words) was hidden.
    """
    classes, ids = _hiding_rules(tree)
    suspicious = False
    stack = [(tree, False)]  # an element, and whether it is inside furniture
    while stack:
        element, furniture = stack.pop()
        if not isinstance(element.tag, str) or element.tag in _NO_TEXT:
            continue
        furniture = furniture or element.tag in _FURNITURE
        hides = element.tag not in ("html", "body") and (
            element.get("hidden") is not None
            or _HIDING.search(element.get("style") or "")
            or (element.get("id") or "") in ids
            or not classes.isdisjoint((element.get("class") or "").split())
        )
        if not hides or element.getparent() is None:
            stack.extend((child, furniture) for child in element)
            continue
        if not furniture and not suspicious:
            words = "".join(text for text in element.itertext() if isinstance(text, str)).split()
            suspicious = len(words) >= _FEW_WORDS and not _scripted(element)
        element.drop_tree()
    return suspicious


def _scripted(element: Any) -> bool:
    """Most of it is script, links or a form: a panel that opens on a click."""
    inner = sum(len("".join(e.itertext())) for e in element.iter("script", "style", "a", "form", "nav", "button"))
    whole = len("".join(element.itertext()))
    return bool(inner * 2 > whole)


def _hiding_rules(tree: Any) -> tuple[set[str], set[str]]:
    classes: set[str] = set()
    ids: set[str] = set()
    for style in tree.iter("style"):
        if "print" in (style.get("media") or ""):
            continue
        for selectors, body in _rules((style.text or "")[:_SHEET]):
            if not _HIDING.search(body):
                continue
            for selector in selectors.split(","):
                simple = _SIMPLE.fullmatch(selector.strip())
                if simple:
                    (classes if simple[1] == "." else ids).add(simple[2])
    return classes, ids


def _rules(sheet: str) -> Iterator[tuple[str, str]]:
    """Selectors and body of the rules that hold for every screen: those inside no `@media` and the like.

    By a scan that passes once over the text: a regular expression for it takes minutes on a sheet made to that end.
    """
    kept = []
    for number, part in enumerate(sheet.split("/*")):
        kept.append(part if number == 0 else part.partition("*/")[2])
    before = ""  # what stands before the brace that is open
    depth = 0
    for piece in re.split(r"([{}])", " ".join(kept)):
        if piece == "{":
            depth += 1
        elif piece == "}":
            depth = max(0, depth - 1)
        elif depth == 0:
            before = piece.rpartition(";")[2]
        elif depth == 1 and not before.lstrip().startswith("@"):
            yield before, piece
