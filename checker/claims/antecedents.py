"""What the article has named before, and which of it a noun or a pronoun points back to."""

from __future__ import annotations

import re
from dataclasses import dataclass

from checker.claims.mentions import Mention, Mentions
from checker.claims.verbs import is_verb
from checker.claims.words import Tokens, lexicon, tokenise, word_set

POINTERS = frozenset({"itu", "tersebut", "ini", "tadi"})


STOPS_ID = word_set(
    """
    untuk yang pada kepada oleh dan serta dengan agar karena saat ketika setelah sebelum sejak hingga sampai dalam ke
    bahwa jika bila namun tetapi sementara meski meskipun akan telah sudah sedang masih belum tidak tak bukan bisa dapat
    harus juga menjadi di itu tersebut ini
    """
)


LEFT_STOPS_EN = word_set(
    """
    a an the this that these those its his her their our my and or but in on at by for from with to under over about
    after before into of as than because while if when who which
    """
)


@dataclass
class Scene:
    """What the article has named up to a place.

    Attributes:
        subject: Whom or what the last sentence was about.
        previous: The last sentence that made a claim, as a span.
        said: What it claims, in words.
        speaker: Who spoke last, in fullest form.
        unnamed: The last unnamed source, in words.
    """

    mentions: Mentions
    language: str
    begin: int
    subject: Mention | None = None
    person: Mention | None = None
    previous: tuple[int, int] | None = None
    said: str = ""
    speaker: str = ""
    unnamed: str = ""

    def is_fresh(self, mention: Mention) -> bool:
        """Whether it stands in the last sentence."""
        return self.previous is not None and self.previous[0] <= mention.start < self.previous[1]

    def advance(self, start: int, end: int, speaker: str = "") -> None:
        """Take in the sentence that was just read."""
        found = self.mentions.within(start, end)
        tokens = tokenise(self.mentions.text, start, end)
        verb = next((t.start for i, t in enumerate(tokens) if is_verb(t, self.language, tokens, i)), end)
        before = [m for m in found if m.start < verb and m.sort not in ("outlet",)]
        people = [m for m in found if self.mentions.is_person(m)]
        subjects = [m for m in before if self.mentions.is_person(m)] or before
        if subjects:
            self.subject = subjects[-1] if self.mentions.is_person(subjects[-1]) else subjects[0]
        elif found:
            self.subject = found[0]
        if people:
            in_subject = [m for m in people if m.start < verb]
            self.person = in_subject[-1] if in_subject else people[0]
        self.previous = (start, end)
        if speaker:
            self.speaker = speaker


REACH = 6000
"""How far back, in characters, a word of a claim can point: a long article's worth."""


def people_before(scene: Scene, start: int, end: int) -> list[Mention]:
    """The persons named between two positions, as far back as a pronoun reaches."""
    return list(scene.mentions.persons_between(max(start, end - REACH), end))


def person_meant(
    scene: Scene, sentence_start: int, position: int, speaker: str, own: frozenset[Mention] = frozenset()
) -> str:
    """Whom a singular pronoun means: somebody named before it in the sentence, the speaker, the last subject."""
    inside = [m for m in people_before(scene, sentence_start, position) if m not in own]
    if speaker and not inside:
        return speaker
    if inside:
        return scene.mentions.full(inside[0].name)
    if scene.person is not None:
        return scene.mentions.full(scene.person.name)
    earlier = people_before(scene, scene.begin, sentence_start)
    if earlier:
        return scene.mentions.full(earlier[-1].name)
    return scene.speaker


def is_named_body(name: str, scene: Scene) -> bool:
    """Whether "it" can mean the speaker: a named body or a ministry, not "critics" or "officials"."""
    bodies = lexicon().words("names.organisations.words")
    return scene.mentions.holds_name(name) or any(word.lower() in bodies for word in name.split())


def looks_human(speaker: str, scene: Scene) -> bool:
    """Whether a speaker is a person whom the article names."""
    return scene.mentions.names_person(speaker)


def nothing_owns(before: Tokens) -> bool:
    """Whether no noun stands before: only verbs, particles and "hal itu"."""
    particles = STOPS_ID | POINTERS | lexicon().words("verbs.id.auxiliaries") | {"hal", "oleh", "dari", "selain"}
    nouns = [
        t for i, t in enumerate(before) if t.is_word and t.lower not in particles and not is_verb(t, "id", before, i)
    ]
    return len(nouns) <= 1 and (not nouns or nouns[0] is before[0])


def by_sort(noun: str, scene: Scene, sentence_start: int, position: int) -> tuple[str, bool]:
    """The last name of the sort that a noun asks for, and whether it may take its place."""
    words = lexicon()
    if noun in words.words("names.nouns.source") and scene.unnamed:
        return scene.unnamed, False
    if noun in words.words("names.nouns.country"):
        countries = words.words("names.places.countries")
        inside = [m for m in scene.mentions.within(sentence_start, position) if m.name.lower() in countries]
        earlier = [
            m
            for m in scene.mentions.within(max(scene.begin, sentence_start - REACH), sentence_start)
            if m.name.lower() in countries
        ]
        if inside:
            opens = inside[0].start - sentence_start <= 12
            return inside[0].name, opens or len({m.canonical for m in inside}) == 1
        return (earlier[-1].name, True) if earlier else ("", False)
    sorts: dict[str, tuple[str, ...]] = {
        "company": ("organisation", "other"),
        "ministry": ("organisation",),
        "agency": ("organisation",),
        "party": ("organisation",),
    }
    for listed, wanted in sorts.items():
        if noun in words.words(f"names.nouns.{listed}"):
            return _last_body(noun, listed, wanted, scene, sentence_start, position), False
    if noun in words.words("names.nouns.person"):
        people = people_before(scene, sentence_start, position) or (
            [scene.person] if scene.person is not None else people_before(scene, scene.begin, sentence_start)[-1:]
        )
        return (scene.mentions.full(people[-1].name), False) if people else ("", False)
    return "", False


def _last_body(noun: str, listed: str, sorts: tuple[str, ...], scene: Scene, start: int, position: int) -> str:
    """The body that "the company" or "the ministry" means.

    One whose name holds the noun; for a company, one that the sentence names already, else the one the article names
    most often (a product or a ministry is no company).
    """
    earlier = [
        m
        for m in scene.mentions.within(max(scene.begin, position - REACH), position)
        if m.sort in sorts and not scene.mentions.is_person(m)
    ]
    named = [m for m in earlier if noun in m.name.lower()]
    if named:
        return scene.mentions.full(named[-1].name)
    if listed == "company":
        inside = [m for m in scene.mentions.within(start, position) if m in earlier and m.name.lower() != noun]
        if inside:
            return scene.mentions.full(inside[0].name)
        counts: dict[str, int] = {}
        for mention in earlier:
            if not any(char.isdigit() for char in mention.name) and mention.name.lower() != noun:
                counts[mention.name] = counts.get(mention.name, 0) + 1
        bodies = {m.name for m in earlier if m.sort == "organisation"}
        counts = {name: count for name, count in counts.items() if count > 1 or name in bodies}
        return max(counts, key=lambda name: counts[name]) if counts else ""
    return ""


def fuller(head: str, length: int, scene: Scene, position: int, language: str) -> str:
    """The fullest earlier noun phrase with the same head, if it says more than the pointing one."""
    text = scene.mentions.text
    best = ""
    begin = max(scene.begin, position - REACH)
    for match in re.finditer(rf"(?<!\w){re.escape(head)}(?!\w)", text[begin:position], re.I):
        start = begin + match.start()
        phrase = _phrase_id(text, start) if language == "id" else _phrase_en(text, start, scene.begin)
        words = phrase.split()
        if any(word.lower() in _UNDEFINING for word in words):
            continue
        if length <= len(words) <= 12 and len(words) >= len(best.split()) and words[-1].lower() not in POINTERS:
            best = phrase
    return best if len(best.split()) >= 2 else ""


# A phrase with one of these names another thing, or no particular one.
_UNDEFINING = word_set(
    """
    worst best first last other another similar every any no same next previous new more most fewer many several some
    setiap semua lain sebuah suatu banyak beberapa sejumlah terburuk terbaik pertama kedua rawan lainnya
    """
)


def _phrase_id(text: str, start: int) -> str:
    tokens = tokenise(text, start, min(len(text), start + 120))
    end = 1
    while end < len(tokens) and end < 11:
        token = tokens[end]
        if not token.is_word or token.lower in STOPS_ID or is_verb(token, "id", tokens, end):
            break
        end += 1
    while end > 1 and tokens[end - 1].lower in {"dari", "terhadap", "di", "atas", "sejauh", "lalu", "juga"}:
        end -= 1
    return text[tokens[0].start : tokens[end - 1].end]


def _phrase_en(text: str, start: int, begin: int) -> str:
    sentence = max(text.rfind(mark, begin, start) for mark in (". ", "\n", ", "))
    left = tokenise(text, max(begin, sentence + 1), start)
    first = len(left)
    while first > 0 and left[first - 1].is_word and left[first - 1].lower not in LEFT_STOPS_EN:
        if is_verb(left[first - 1], "en", left, first - 1) or len(left) - first >= 4 or left[first - 1].is_number:
            break
        first -= 1
    while first < len(left) and left[first].lower in {"million", "billion", "trillion", "percent"}:
        first += 1
    right = tokenise(text, start, min(len(text), start + 100))
    end = 1
    if len(right) > 2 and right[1].lower in {"of", "between", "with", "on", "for", "against"}:
        end = 2
        while (
            end < len(right)
            and end < 9
            and right[end].is_word
            and (right[end].is_capital or right[end].lower in {"the", "of"} or end < 6)
            and not is_verb(right[end], "en", right, end)
            and (right[end].lower not in LEFT_STOPS_EN or right[end].lower in {"the", "of", "a"})
        ):
            end += 1
    while end > 1 and right[end - 1].lower in {"the", "of", "a", "on", "for", "with", "between", "against"}:
        end -= 1
    begin_at = left[first].start if first < len(left) else right[0].start
    phrase = text[begin_at : right[end - 1].end]
    return phrase[:-2] if phrase.endswith(("'s", "’s")) else phrase
