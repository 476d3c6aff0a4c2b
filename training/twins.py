"""Edited twins: a sentence with one thing changed, so that it no longer follows from its source.

An edit is found in the premise and in the claim at once (the same number, the same month in two languages), and can be
carried out on either. From one entailed pair this gives four: the two unedited, the two edited alike (both entailed),
and the two where only one side is edited (refuted). Premise and claim are thus edited equally often under either
label: a claim's own wording says nothing about its label.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from training import twin_words as words


@dataclass(frozen=True, slots=True)
class Edit:
    """One change that fits both sides: each side unedited (`premise`, `claim`) and edited."""

    kind: str
    premise: str
    claim: str
    premise_edited: str
    claim_edited: str


_Editor = Callable[[str, str, str, str, random.Random], tuple[str, str] | None]
"""(premise, claim, their languages, a source of chance) to both sides edited, or None where it does not fit."""

_NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*(?![\w]|[.,]\d)")
_NAME = re.compile(r"(?<![.!?:\"“]\s)(?<!^)\b[A-Z][a-zé'-]+(?: [A-Z][a-zé'-]+)+\b")


def digits(number: str) -> str:
    """A number without its separators, for comparing `1.234` (id) with `1,234` (en); not its value."""
    return re.sub(r"\D", "", number)


def numbers(text: str) -> list[str]:
    """The digit strings of the numbers of `text`, separators dropped."""
    return [digits(m.group()) for m in _NUMBER.finditer(text)]


def _word(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")


def _sub(word: str, new: str, text: str) -> str:
    return _word(word).sub(lambda _: new, text)


def _other_number(number: str, rng: random.Random) -> str:
    """A number of the same shape (separators and length) and another value; years move by up to fifteen."""
    plain = digits(number)
    if re.fullmatch(r"(1[89]|20)\d\d", number):
        return str(int(number) + rng.choice([d for d in range(-15, 16) if d != 0]))
    out = list(number)
    spots = [i for i, c in enumerate(out) if c.isdigit()]
    # The leading digits carry the size: change one of the first two, sometimes all.
    chosen = spots if rng.random() < 0.3 else [spots[rng.randrange(min(2, len(spots)))]]
    while "".join(c for c in out if c.isdigit()) == plain:
        for i in chosen:
            low = "123456789" if i == spots[0] else "0123456789"
            out[i] = rng.choice(low)
    return "".join(out)


def _number(p: str, c: str, _pl: str, _cl: str, rng: random.Random) -> tuple[str, str] | None:
    in_premise = {digits(m.group()): m.group() for m in _NUMBER.finditer(p)}
    shared = [m.group() for m in _NUMBER.finditer(c) if digits(m.group()) in in_premise]
    if not shared:
        return None
    old = rng.choice(shared)
    for _ in range(8):
        new = _other_number(old, rng)
        if digits(new) not in in_premise:
            break
    else:
        return None
    theirs = in_premise[digits(old)]
    # The premise gets the new digits in its own separators ("3,9" against "3.9").
    fresh = iter(digits(new))
    theirs_new = "".join(next(fresh) if ch.isdigit() else ch for ch in theirs)
    return _sub(theirs, theirs_new, p), _sub(old, new, c)


def _pick(table: Sequence[tuple[str, str]]) -> _Editor:
    """An edit that exchanges one row of a two-language table for another."""

    def edit(p: str, c: str, pl: str, cl: str, rng: random.Random) -> tuple[str, str] | None:
        side = {"en": 0, "id": 1}
        rows = [r for r in table if _word(r[side[pl]]).search(p) and _word(r[side[cl]]).search(c)]
        if not rows:
            return None
        old = rng.choice(rows)
        others = [r for r in table if r is not old and not _word(r[side[pl]]).search(p) and r[side[cl]] not in c]
        if not others:
            return None
        # Of a scale, a near neighbour is the harder and the likelier error.
        at = table.index(old)
        others.sort(key=lambda r: abs(table.index(r) - at))
        new = rng.choice(others[:6])
        return _sub(old[side[pl]], new[side[pl]], p), _sub(old[side[cl]], new[side[cl]], c)

    return edit


def _quantity(table: Sequence[tuple[str, str]]) -> _Editor:
    """Like `_pick`, only where a number stands before the word ("5 juta", "two years")."""
    swap = _pick(table)

    def edit(p: str, c: str, pl: str, cl: str, rng: random.Random) -> tuple[str, str] | None:
        for text, lang in ((p, pl), (c, cl)):
            forms = "|".join(re.escape(r[0 if lang == "en" else 1]) for r in table)
            counts = "|".join(w[0 if lang == "en" else 1] for w in words.NUMBER_WORDS)
            if not re.search(rf"(?:\d|\b(?:{counts})) ?(?:{forms})\b", text):
                return None
        return swap(p, c, pl, cl, rng)

    return edit


def _person(p: str, c: str, _pl: str, _cl: str, rng: random.Random) -> tuple[str, str] | None:
    """Exchanges a name of two or more words that both sides spell alike."""
    shared = [m.group() for m in _NAME.finditer(c) if m.group() in p and not _is_place(m.group())]
    if not shared:
        return None
    old = rng.choice(shared)
    new = rng.choice([n for n in words.PERSONS if n not in p and n not in c])
    return p.replace(old, new), c.replace(old, new)


def _is_place(name: str) -> bool:
    return any(name in row for row in words.PLACES)


def _roles(p: str, c: str, _pl: str, _cl: str, rng: random.Random) -> tuple[str, str] | None:
    """Exchanges two names of the claim for each other; not where "and" joins them, which may be symmetrical."""
    names = [m.group() for m in re.finditer(r"\b[A-Z][a-z]{2,}(?: [A-Z][a-z]+)*\b", c) if m.start() > 0]
    names = [n for n in dict.fromkeys(names) if n in p and c.count(n) == 1 and p.count(n) == 1]
    if len(names) < 2:
        return None
    i = rng.randrange(len(names) - 1)
    a, b = names[i], names[i + 1]
    if a in b or b in a:
        return None
    between = c[c.index(a) + len(a) : c.index(b)]
    if len(between) < 6 or re.search(r",|\b(and|dan|or|atau|with|dengan|bersama)\b", between):
        return None

    def swap(text: str) -> str:
        return text.replace(a, "\0").replace(b, a).replace("\0", b)

    return swap(p), swap(c)


_EN_AUX = r"(is|are|was|were|will|would|can|could|should|must|has|have|had|may|might)"
_ID_ANCHOR = r"(akan|dapat|bisa|telah|harus|mampu|ingin|mau|pernah|memiliki|mempunyai|ada|menjadi|terjadi|boleh|perlu)"


def negate(text: str, language: str) -> str | None:
    """`text` with its main statement denied, or affirmed where it was denied; None where no safe place was found."""
    if language == "en":
        for old, new in ((" did not ", " did "), (" does not ", " does "), (" do not ", " do ")):
            if text.count(old) == 1:
                return text.replace(old, new)
        if re.search(r"\bnot\b|n't\b|\bnever\b|\bno\b", text):
            plain = re.sub(rf"\b{_EN_AUX} not ", r"\1 ", text, count=1)
            return plain if plain != text and not re.search(r"\bnot\b|n't\b|\bnever\b|\bno\b", plain) else None
        found = list(re.finditer(rf"\b{_EN_AUX} (?!not\b|to\b)", text))
        if not found or re.match(r"(?:If|When|While|Although|Because|Since)\b", text):
            return None
        at = found[0]
        # Only a first verb is the statement's own: after "that" or a comma it may be a clause's.
        if re.search(r"\b(that|which|who|where|when|if)\b|,", text[: at.start()]):
            return None
        return text[: at.end()] + "not " + text[at.end() :]
    if re.search(r"\b(tidak|bukan|belum|tak|tanpa|jangan)\b", text, re.IGNORECASE):
        hits = list(re.finditer(r"\b(?:tidak|belum|bukan) ", text))
        if len(hits) != 1:
            return None
        return text[: hits[0].start()] + text[hits[0].end() :]
    if re.match(r"(?:Jika|Bila|Ketika|Meski|Karena|Saat|Apabila)\b", text):
        return None
    found = list(re.finditer(rf"\b(?:(adalah|merupakan)|{_ID_ANCHOR}|(?:me[mn]|ber|di|ter)[a-z]{{4,}}) ", text))
    found = [m for m in found if m.start() > 0]
    if not found or re.search(r"\b(yang|bahwa|ketika|jika|untuk|dengan)\b|,", text[: found[0].start()]):
        return None
    at = found[0]
    if re.match(r"(dengan|berbagai|beberapa|dimana|terhadap|tersebut|terkait|mereka|berikut|di antara|menurut|"
                r"berdasarkan|terutama|termasuk|dirinya|terakhir|pertama|terbesar|terdiri)\b", at.group()):  # fmt: skip
        return None
    return text[: at.start()] + ("bukan " if at.group(1) else "tidak ") + text[at.start() :]


def _negation(p: str, c: str, pl: str, cl: str, _rng: random.Random) -> tuple[str, str] | None:
    denied = negate(c, cl)
    if denied is None:
        return None
    theirs = negate(p, pl)
    return (theirs or p), denied


def _opposite(p: str, c: str, pl: str, cl: str, rng: random.Random) -> tuple[str, str] | None:
    column = {"en": (0, 1), "id": (2, 3)}
    rows = []
    for row in words.OPPOSITES:
        for turn in (0, 1):
            pa, pb = row[column[pl][turn]], row[column[pl][1 - turn]]
            ca, cb = row[column[cl][turn]], row[column[cl][1 - turn]]
            if pa and ca and len(_word(ca).findall(c)) == 1 and len(_word(pa).findall(p)) == 1:
                rows.append((pa, pb, ca, cb))
    if not rows:
        return None
    pa, pb, ca, cb = rng.choice(rows)
    return _sub(pa, pb, p), _sub(ca, cb, c)


_EDITS: dict[str, _Editor] = {
    "number": _number,
    "magnitude": _quantity(words.MAGNITUDES),
    "number_word": _pick(words.NUMBER_WORDS),
    "ordinal": _pick(words.ORDINALS),
    "unit": _quantity(words.UNITS),
    "weekday": _pick(words.WEEKDAYS),
    "month": _pick(words.MONTHS),
    "place": _pick(words.PLACES),
    "person": _person,
    "negation": _negation,
    "opposite": _opposite,
    "roles": _roles,
}
# How often each kind is tried first; the rare ones are taken wherever they fit.
_ORDER = (
    ("magnitude", 6), ("weekday", 4), ("month", 5), ("unit", 4), ("number_word", 4), ("ordinal", 3), ("person", 4),
    ("place", 4), ("roles", 2), ("opposite", 5), ("number", 4), ("negation", 3),
)  # fmt: skip


def find_edit(
    premise: str, claim: str, languages: tuple[str, str], rng: random.Random, kinds: Sequence[str] = ()
) -> Edit | None:
    """An edit that fits an entailed pair, or None.

    Args:
        premise: The text that entails the claim.
        claim: The claim.
        languages: Of the premise and of the claim, `en` or `id`.
        rng: Decides which of the fitting edits is taken.
        kinds: Only these kinds; all where empty.

    Returns:
        The edit. Its edited claim differs from the claim; its edited premise equals the premise where only the claim
        could be edited (negation whose place in the premise was not found).
    """
    order = [(k, w) for k, w in _ORDER if not kinds or k in kinds]
    order.sort(key=lambda kw: rng.random() ** (1 / kw[1]), reverse=True)
    for kind, _ in order:
        found = _EDITS[kind](premise, claim, languages[0], languages[1], rng)
        if found is None:
            continue
        p2, c2 = found
        if c2 != claim:
            return Edit(kind, premise, claim, p2, c2)
    return None


_SAID = {
    "en": ("According to {who}, {what}", "{who} said that {what}", "{who} said {what}", '"{What}," said {who}.'),
    "id": ("Menurut {who}, {what}", "{who} mengatakan bahwa {what}", "{who} menyebut {what}", '"{What}," kata {who}.'),
}


def said(what: str, who: str, language: str, rng: random.Random) -> str:
    """`what` put into the mouth of `who`, as news reports it."""
    what = what.strip()
    bare = what.rstrip(".")
    # Only a known function word is lowered: a name keeps its capital.
    first, _, rest = bare.partition(" ")
    opening = {"The", "A", "An", "In", "It", "He", "She", "They", "This", "There", "Para", "Hal", "Dalam", "Di", "Ia",
               "Pada", "Mereka", "Sebuah", "Seorang", "Untuk"}  # fmt: skip
    inner = f"{first.lower()} {rest}" if first in opening else bare
    text = rng.choice(_SAID[language]).format(who=who, what=inner, What=bare)
    return text if text.endswith((".", '"')) else text + "."


def drop_detail(sentence: str) -> str | None:
    """The part of `sentence` before its last comma, where both parts are long enough; it says less, not otherwise."""
    head, comma, tail = sentence.rstrip(".").rpartition(", ")
    if not comma or len(head.split()) < 6 or len(tail.split()) < 4:
        return None
    if re.match(r"(?:If|When|While|Although|Jika|Bila|Ketika|Meski|Menurut|According)\b", head):
        return None
    return head + "."
