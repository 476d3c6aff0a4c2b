"""What the words of a claim point to outside it: pronouns, "-nya", "negara itu", "hal itu", short names.

By rule: the last thing named of the right sort, subjects before others. Everything found is listed in
`Claim.context`; only what is safe (a subject pronoun, a pointing noun with one possible antecedent) is put into
`Claim.text`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from checker.claims.clauses import subject_of
from checker.claims.mentions import Mention, Mentions
from checker.claims.words import Token, Tokens, is_verb, lexicon, tokenise

_NYA_WORDS = frozenset(
    """
    hanya punya mempunyai tanya bertanya karenanya olehnya sebelumnya selanjutnya akhirnya biasanya umumnya nyatanya
    lainnya misalnya setidaknya sedikitnya adanya sebenarnya sepenuhnya seharusnya semestinya sebaiknya sesungguhnya
    rupanya kiranya tentunya artinya intinya khususnya utamanya pastinya setibanya seluruhnya sepertinya tampaknya
    kelihatannya agaknya sekiranya harusnya mestinya hasilnya bahayanya banyaknya tingginya besarnya lamanya rata-ratanya
    terakhirnya awalnya mulanya sementaranya sesampainya kabarnya katanya konon biasanya satu-satunya berikutnya
    pertamanya totalnya antaranya diantaranya selamanya secepatnya sebanyak-banyaknya sebaliknya untungnya sayangnya
    ironisnya celakanya bagaimananya ditambahnya tambahnya imbuhnya ujarnya tuturnya jelasnya ungkapnya lanjutnya
    penuhnya terjadinya meningkatnya menurunnya tingginya rendahnya kurangnya minimnya maraknya masuknya keluarnya
    naiknya turunnya jatuhnya runtuhnya berakhirnya dimulainya banyaknya sulitnya mahalnya kerasnya luasnya
    """.split()  # noqa: SIM905
)
_POINTERS = frozenset({"itu", "tersebut", "ini", "tadi"})
_STOPS_ID = frozenset(
    """
    untuk yang pada kepada oleh dan serta dengan agar karena saat ketika setelah sebelum sejak hingga sampai dalam ke
    bahwa jika bila namun tetapi sementara meski meskipun akan telah sudah sedang masih belum tidak tak bukan bisa dapat
    harus juga menjadi di itu tersebut ini
    """.split()  # noqa: SIM905
)
_LEFT_STOPS_EN = frozenset(
    """
    a an the this that these those its his her their our my and or but in on at by for from with to under over about
    after before into of as than because while if when who which
    """.split()  # noqa: SIM905
)


@dataclass
class Scene:
    """What the article has named up to a place.

    Attributes:
        subject: Whom or what the last sentence was about.
        previous: The last sentence that made a claim, as a span.
        speaker: Who spoke last, in fullest form.
        unnamed: The last unnamed source, in words.
    """

    mentions: Mentions
    language: str
    begin: int
    subject: Mention | None = None
    person: Mention | None = None
    previous: tuple[int, int] | None = None
    speaker: str = ""
    unnamed: str = ""

    def advance(self, start: int, end: int, speaker: str = "") -> None:
        """Take in the sentence that was just read."""
        found = self.mentions.within(start, end)
        tokens = tokenise(self.mentions.text, start, end)
        verb = next((t.start for i, t in enumerate(tokens) if is_verb(t, self.language, tokens, i)), end)
        before = [m for m in found if m.start < verb and m.sort not in ("outlet",)]
        people = [m for m in found if self.mentions.is_person(m)]
        subjects = [m for m in before if self.mentions.is_person(m)] or before
        if subjects:
            self.subject = subjects[-1] if len(subjects) > 1 and self.mentions.is_person(subjects[-1]) else subjects[0]
        elif found:
            self.subject = found[0]
        if people:
            in_subject = [m for m in people if m.start < verb]
            self.person = in_subject[-1] if in_subject else people[0] if len(people) == 1 else people[0]
        self.previous = (start, end)
        if speaker:
            self.speaker = speaker


@dataclass
class Resolved:
    """What was found out about a claim's words.

    Attributes:
        swaps: Spans of the article with what may stand in their place in the claim's text.
        notes: What points where, in the order of the claim.
    """

    swaps: list[tuple[int, int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def note(self, what: str, stands_for: str) -> None:
        """Add `what: stands_for` once."""
        line = f"{what}: {stands_for}"
        if stands_for and what.lower() != stands_for.lower() and line not in self.notes:
            self.notes.append(line)


def resolve(
    tokens: Tokens, scene: Scene, sentence_start: int, speaker: str = "", topic: str = "", *, direct: bool = False
) -> Resolved:
    """Find what the words of a claim point to.

    Args:
        tokens: The claim's tokens, a subject borrowed from the clause before included.
        scene: What was named before the sentence.
        sentence_start: Where the claim's sentence begins.
        speaker: Who says it, if somebody does.
        topic: The subject of the clause before, where it is a thing.
        direct: It is a verbatim quotation, whose "she" may be anybody: personal pronouns are left alone.
    """
    resolved = Resolved()
    handled: set[int] = set()
    for index, token in enumerate(tokens):
        if index in handled:
            continue
        lowered = token.lower
        words = lexicon()
        if lowered in words.words("cues.pronouns.person"):
            if direct:
                continue
            _pronoun(tokens, index, scene, sentence_start, speaker, resolved)
        elif lowered in words.words("cues.pronouns.plural") and lowered not in {"both"}:
            _plural(tokens, index, scene, sentence_start, resolved)
        elif lowered in {"it", "its"} and scene.language == "en":
            _it(tokens, index, scene, speaker, topic, resolved)
        elif scene.language == "id" and _is_nya(token):
            _nya(tokens, index, scene, sentence_start, speaker, resolved)
        elif scene.language == "id" and index + 1 < len(tokens) and token.text[0].isalpha():
            at = _pointer_after(tokens, index)
            if at is not None:
                _pointing(tokens[index : at + 1], index == 0, scene, sentence_start, resolved)
                handled.update(range(index, at + 1))
        elif (
            scene.language == "en" and lowered in {"the", "this", "that", "these", "those"} and index + 1 < len(tokens)
        ):
            _pointing_en(tokens, index, scene, sentence_start, resolved)
    _names(tokens, scene, resolved)
    return resolved


def _people_before(scene: Scene, start: int, end: int) -> list[Mention]:
    return list(scene.mentions.persons_between(start, end))


def _antecedent(
    scene: Scene, sentence_start: int, position: int, speaker: str, own: frozenset[Mention] = frozenset()
) -> str:
    """Whom a singular pronoun means: somebody named before it in the sentence, the speaker, the last subject."""
    inside = [m for m in _people_before(scene, sentence_start, position) if m not in own]
    if speaker and not inside:
        return speaker
    if inside:
        return scene.mentions.full(inside[0].name)
    if scene.person is not None:
        return scene.mentions.full(scene.person.name)
    earlier = _people_before(scene, scene.begin, sentence_start)
    if earlier:
        return scene.mentions.full(earlier[-1].name)
    return scene.speaker


def _pronoun(tokens: Tokens, index: int, scene: Scene, start: int, speaker: str, resolved: Resolved) -> None:
    token = tokens[index]
    # The object of a clause is not its subject: "Whitfield accused him".
    objective = (
        token.lower in {"him", "her", "them"}
        and index > 0
        and is_verb(tokens[index - 1], scene.language, tokens, index - 1)
    )
    own = frozenset(scene.mentions.within(tokens[0].start, token.start)) if objective else frozenset()
    antecedent = _antecedent(scene, start, token.start, "" if objective else speaker, own)
    if not antecedent:
        return
    resolved.note(token.text, antecedent)
    if index == 0:
        possessive = token.lower in {"his", "her"} and scene.language == "en" and index + 1 < len(tokens)
        owner = f"{antecedent}'s" if possessive and not _verb_follows(tokens, index, scene.language) else antecedent
        resolved.swaps.append((token.start, token.end, owner))


def _verb_follows(tokens: Tokens, index: int, language: str) -> bool:
    return index + 1 < len(tokens) and is_verb(tokens[index + 1], language, tokens, index + 1)


def _plural(tokens: Tokens, index: int, scene: Scene, start: int, resolved: Resolved) -> None:
    """`mereka`, `they`: two or more people named before in the sentence, else in the sentence before."""
    token = tokens[index]
    people = _people_before(scene, start, token.start)
    if len(people) < 2 and scene.previous:
        earlier = _people_before(scene, *scene.previous)
        people = earlier if len(earlier) >= 2 else []
    names = list(dict.fromkeys(scene.mentions.full(m.name) for m in people))[:4]
    if len(names) < 2:
        return
    joint = " dan " if scene.language == "id" else " and "
    together = ", ".join(names[:-1]) + joint + names[-1]
    resolved.note(token.text, together)
    if index == 0 and token.lower in {"mereka", "they", "keduanya"}:
        resolved.swaps.append((token.start, token.end, together))


def _it(tokens: Tokens, index: int, scene: Scene, speaker: str, topic: str, resolved: Resolved) -> None:
    """`its`, `it`: the subject of the clause, the body that speaks, the subject of the clause before."""
    token = tokens[index]
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    told = bool(speaker) and not topic and index == 0 and _is_named_body(speaker, scene)
    if token.lower == "it" and (following is None or following.lower in _EXPLETIVE) and not told:
        return
    own = subject_of(tokens[:index], "en") if index else ()
    if own and own[0].lower in {"a", "an"}:
        own = ()  # "A court dissolved its predecessor": hardly the court's own
    mention = scene.mentions.at(own[-1].start) if own else None
    body = speaker if speaker and not _looks_human(speaker, scene) else ""
    if token.lower == "its" and own and not (mention and scene.mentions.is_person(mention)):
        pronoun = own[0].lower in lexicon().words("cues.pronouns")
        antecedent = "" if pronoun else scene.mentions.text[own[0].start : own[-1].end]
    else:
        antecedent = topic or (body if _is_named_body(body, scene) else "")
    antecedent = _bare(antecedent)
    if not antecedent:
        return
    resolved.note(token.text, antecedent)
    if index == 0 and token.lower == "its":
        resolved.swaps.append((token.start, token.end, f"{antecedent}'s"))
    elif index == 0 and token.lower == "it":
        resolved.swaps.append((token.start, token.end, antecedent))


def _is_named_body(name: str, scene: Scene) -> bool:
    """Whether "it" can mean the speaker: a named body or a ministry, not "critics" or "officials"."""
    bodies = lexicon().words("names.organisations.words")
    return any(m.name in name for m in scene.mentions.all) or any(word.lower() in bodies for word in name.split())


# After "it", these mostly leave it without anything to point to ("it is unclear", "it may take a decade").
_EXPLETIVE = frozenset(
    """
    is was were be been may might can could will would should seems seemed appears appeared remains remained took takes
    take 's
    """.split()  # noqa: SIM905
)


def _bare(phrase: str) -> str:
    """A noun phrase without its appositions."""
    return " ".join(re.split(r",| on (?=[A-Z])", phrase, maxsplit=1)[0].split())


def _is_nya(token: Token) -> bool:
    return token.lower.endswith("nya") and len(token.lower) > 5 and token.lower not in _NYA_WORDS


def _nya(tokens: Tokens, index: int, scene: Scene, start: int, speaker: str, resolved: Resolved) -> None:
    """`kunjungannya`: a person named before in the sentence, the person who speaks, the last person named.

    The last only where no other noun of the sentence can own the thing ("jalan ... dari jalurnya" is the road's).
    """
    token = tokens[index]
    opening = scene.mentions.at(tokens[0].start)
    swapped = next((by for at, _, by in resolved.swaps if at == tokens[0].start), "")
    own = set(scene.mentions.within(tokens[0].start, token.start))
    people = _people_before(scene, start, token.start)
    antecedent = ""
    if is_verb(token, "id") or token.lower in _OBJECTS:
        # The object of a verb is not its subject: "Khamenei memintanya" is about somebody named before.
        others = [m for m in people if m not in own]
        named = swapped or (scene.mentions.full(others[0].name) if others else "")
        last = scene.person if scene.person not in own else None
        antecedent = named or speaker or (scene.mentions.full(last.name) if last is not None else "")
    elif swapped and index:
        antecedent = swapped
    elif opening is not None and index and opening.end <= token.start:
        antecedent = scene.mentions.full(opening.name)
    elif people:
        antecedent = scene.mentions.full(people[0].name)
    elif speaker and " " in speaker and not scene.mentions.within(start, token.start) and _looks_human(speaker, scene):
        antecedent = speaker
    elif scene.person is not None and _nothing_owns(tokens[:index]):
        antecedent = scene.mentions.full(scene.person.name)
    if antecedent:
        resolved.note(token.text, antecedent)


_OBJECTS = frozenset("kepadanya olehnya darinya untuknya terhadapnya padanya bersamanya baginya".split())  # noqa: SIM905


def _looks_human(speaker: str, scene: Scene) -> bool:
    return any(m.name == speaker and scene.mentions.is_person(m) for m in scene.mentions.all)


def _nothing_owns(before: Tokens) -> bool:
    """Whether no noun stands before: only verbs, particles and "hal itu"."""
    particles = _STOPS_ID | _POINTERS | lexicon().words("verbs.id.auxiliaries") | {"hal", "oleh", "dari", "selain"}
    nouns = [
        t for i, t in enumerate(before) if t.is_word and t.lower not in particles and not is_verb(t, "id", before, i)
    ]
    return len(nouns) <= 1 and (not nouns or nouns[0] is before[0])


def _pointer_after(tokens: Tokens, index: int) -> int | None:
    """Index of the "itu" that closes a noun phrase beginning here: `Gempa bermagnitudo 5,6 itu`, `negara itu`."""
    if not tokens[index].is_word or tokens[index].lower in _STOPS_ID | _POINTERS:
        return None
    if index + 1 < len(tokens) and tokens[index + 1].lower in _POINTERS:
        return index + 1
    if index == 0:
        for at in range(2, min(5, len(tokens))):
            if tokens[at].lower in {"itu", "tersebut"}:
                return at
            if tokens[at].lower in _STOPS_ID or not tokens[at].is_word:
                return None
    return None


def _pointing(phrase: Tokens, opens: bool, scene: Scene, start: int, resolved: Resolved) -> None:
    text = scene.mentions.text
    head = phrase[0].lower
    shown = text[phrase[0].start : phrase[-1].end]
    antecedent, safe = _by_sort(head, scene, start, phrase[0].start)
    if not antecedent and head in {"hal", "kejadian", "peristiwa", "kondisi", "situasi"} and scene.previous:
        resolved.note(shown, _clip(text[slice(*scene.previous)]))
        return
    if not antecedent:
        earlier = _fuller(head, len(phrase), scene, phrase[0].start, scene.language)
        if earlier:
            antecedent, safe = earlier, bool(re.search(r"[A-Z0-9]", earlier[1:]))
    if antecedent:
        resolved.note(shown, antecedent)
        if safe and len(phrase) == 2 and _clear_end(text, phrase[-1].end):
            swapped = antecedent[0].upper() + antecedent[1:] if phrase[0].is_capital else antecedent
            second = antecedent.split()[1:2]
            named = bool(second) and second[0][0].isupper() and len(antecedent.split()) == 2
            if not phrase[0].is_capital and antecedent.split()[0].lower() == head and not named:
                swapped = antecedent[0].lower() + antecedent[1:]
            resolved.swaps.append((phrase[0].start, phrase[-1].end, swapped))
    del opens


def _clear_end(text: str, position: int) -> bool:
    return position >= len(text) or not text[position].isalnum()


def _by_sort(noun: str, scene: Scene, sentence_start: int, position: int) -> tuple[str, bool]:
    """The last name of the sort that a noun asks for, and whether it may take its place."""
    words = lexicon()
    if noun in words.words("names.nouns.source") and scene.unnamed:
        return scene.unnamed, False
    if noun in words.words("names.nouns.country"):
        countries = words.words("names.places.countries")
        inside = [m for m in scene.mentions.within(sentence_start, position) if m.name.lower() in countries]
        earlier = [m for m in scene.mentions.within(scene.begin, sentence_start) if m.name.lower() in countries]
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
            return _last_body(noun, listed, wanted, scene, position), False
    if noun in words.words("names.nouns.person"):
        people = _people_before(scene, sentence_start, position) or (
            [scene.person] if scene.person is not None else _people_before(scene, scene.begin, sentence_start)[-1:]
        )
        return (scene.mentions.full(people[-1].name), False) if people else ("", False)
    return "", False


def _last_body(noun: str, listed: str, sorts: tuple[str, ...], scene: Scene, position: int) -> str:
    earlier = [
        m for m in scene.mentions.within(scene.begin, position) if m.sort in sorts and not scene.mentions.is_person(m)
    ]
    named = [m for m in earlier if noun in m.name.lower()]
    if named:
        return scene.mentions.full(named[-1].name)
    if listed == "company":
        # A product or a ministry is no company: take what the article names most often.
        counts: dict[str, int] = {}
        for mention in earlier:
            if not any(char.isdigit() for char in mention.name) and mention.sort != "place":
                counts[mention.name] = counts.get(mention.name, 0) + 1
        bodies = {m.name for m in earlier if m.sort == "organisation"}
        counts = {name: count for name, count in counts.items() if count > 1 or name in bodies}
        return max(counts, key=lambda name: counts[name]) if counts else ""
    return scene.mentions.full(earlier[-1].name) if earlier else ""


def _fuller(head: str, length: int, scene: Scene, position: int, language: str) -> str:
    """The fullest earlier noun phrase with the same head, if it says more than the pointing one."""
    text = scene.mentions.text
    best = ""
    for match in re.finditer(rf"(?<!\w){re.escape(head)}(?!\w)", text[scene.begin : position], re.I):
        start = scene.begin + match.start()
        phrase = _phrase_id(text, start) if language == "id" else _phrase_en(text, start, scene.begin)
        words = phrase.split()
        if any(word.lower() in _UNDEFINING for word in words):
            continue
        if length <= len(words) <= 12 and len(words) > len(best.split()) and words[-1].lower() not in _POINTERS:
            best = phrase
    return best if len(best.split()) >= 2 else ""


# A phrase with one of these names another thing, or no particular one.
_UNDEFINING = frozenset(
    """
    worst best first last other another similar every any no same next previous new more most fewer many several some
    setiap semua lain sebuah suatu banyak beberapa sejumlah terburuk terbaik pertama kedua rawan lainnya
    """.split()  # noqa: SIM905
)


def _phrase_id(text: str, start: int) -> str:
    tokens = tokenise(text, start, min(len(text), start + 120))
    end = 1
    while end < len(tokens) and end < 11:
        token = tokens[end]
        if not token.is_word or token.lower in _STOPS_ID or is_verb(token, "id", tokens, end):
            break
        end += 1
    while end > 1 and tokens[end - 1].lower in {"dari", "terhadap", "di", "atas", "sejauh", "lalu", "juga"}:
        end -= 1
    return text[tokens[0].start : tokens[end - 1].end]


def _phrase_en(text: str, start: int, begin: int) -> str:
    sentence = max(text.rfind(mark, begin, start) for mark in (". ", "\n", ", "))
    left = tokenise(text, max(begin, sentence + 1), start)
    first = len(left)
    while first > 0 and left[first - 1].is_word and left[first - 1].lower not in _LEFT_STOPS_EN:
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
            and (right[end].is_capital or right[end].lower in {"the", "of", "and", "a"} or end == 2)
        ):
            end += 1
    begin_at = left[first].start if first < len(left) else right[0].start
    phrase = text[begin_at : right[end - 1].end]
    return phrase[:-2] if phrase.endswith(("'s", "’s")) else phrase


def _pointing_en(tokens: Tokens, index: int, scene: Scene, start: int, resolved: Resolved) -> None:
    """`the company`, `the country`, `the deal`: a definite noun that was named more fully before."""
    noun = tokens[index + 1]
    if noun.is_capital or not noun.text.isalpha():
        return
    following = tokens[index + 2] if index + 2 < len(tokens) else None
    if (
        following is not None
        and following.is_word
        and (following.lower == "of" or _noun_goes_on(following, tokens, index))
    ):
        return
    shown = f"{tokens[index].text} {noun.text}"
    antecedent, safe = _by_sort(noun.lower, scene, start, noun.start)
    if not antecedent and tokens[index].lower in {"the", "this", "that"}:
        antecedent, safe = _fuller(noun.lower, 2, scene, tokens[index].start, "en"), False
    if antecedent:
        resolved.note(shown, antecedent)
        if safe:
            resolved.swaps.append((tokens[index].start, noun.end, antecedent))


def _noun_goes_on(following: Token, tokens: Tokens, index: int) -> bool:
    """Whether the definite phrase has more words than one noun ("the industry ministry")."""
    if following.lower in _LEFT_STOPS_EN or following.is_capital or following.is_number:
        return False
    return not is_verb(following, "en", tokens, index + 2) and not following.lower.endswith("ly")


def _names(tokens: Tokens, scene: Scene, resolved: Resolved) -> None:
    """Short names and other spellings, with the fullest form."""
    if not tokens:
        return
    mentions = scene.mentions
    taken = {(start, end) for start, end, _ in resolved.swaps}
    done: set[str] = set()
    present = {mention.name for mention in _within_tokens(tokens, mentions)}
    for mention in _within_tokens(tokens, mentions):
        full = mentions.full(mention.name)
        if mention.name in done or mention.sort in ("place", "outlet"):
            continue
        done.add(mention.name)
        if full != mention.name and not _only_titled(full, mention.name):
            variants = [name for name in mentions.spellings(mention.name) if name not in (full, mention.name)]
            differing = [name for name in variants if name.split()[-1] not in full and name not in full]
            shown = full + (f" ({', '.join(differing[:2])})" if differing else "")
            resolved.note(mention.name, shown)
            person = mentions.is_person(mention)
            alone = not any(a <= mention.start < b for a, b in taken)
            if (
                person
                and alone
                and full not in present
                and " " not in mention.name
                and _token_is_plain(tokens, mention)
            ):
                resolved.swaps.append((mention.start, mention.end, full))


def _only_titled(full: str, name: str) -> bool:
    """Whether the fuller form only adds a title (`Ayatollah Ali Khamenei`)."""
    if " " not in name or not full.endswith(name):
        return False
    added = tokenise(full[: -len(name)])
    words = lexicon().words("names.roles.id") | lexicon().words("names.roles.en")
    return all(token.lower in words for token in added)


def _within_tokens(tokens: Tokens, mentions: Mentions) -> Iterator[Mention]:
    """The mentions in a run of tokens that may have gaps (a subject borrowed from another clause)."""
    seen: set[int] = set()
    for token in tokens:
        mention = mentions.at(token.start)
        if mention is not None and mention.start not in seen:
            seen.add(mention.start)
            yield mention


def _token_is_plain(tokens: Tokens, mention: Mention) -> bool:
    """Whether the name stands alone, not as part of a longer word or phrase of names."""
    index = next((i for i, t in enumerate(tokens) if t.start == mention.start), None)
    if index is None:
        return False
    neighbours = [tokens[i] for i in (index - 1, index + 1) if 0 <= i < len(tokens)]
    return tokens[index].text == mention.name and not any(
        t.is_capital and abs(t.start - mention.end) <= 1 and t.is_word for t in neighbours
    )


def _clip(text: str, limit: int = 220) -> str:
    text = " ".join(text.split()).rstrip(".")
    return text if len(text) <= limit else text[: text.rfind(" ", 0, limit)] + " …"
