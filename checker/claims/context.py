"""What the words of a claim point to outside it: pronouns, "-nya", "negara itu", "hal itu", short names.

By rule: the last thing named of the right sort, subjects before others. Everything found is listed in
`Claim.context`; only what is safe (a subject pronoun, a pointing noun with one possible antecedent) is put into
`Claim.text`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from checker.claims.antecedents import (
    LEFT_STOPS_EN,
    POINTERS,
    STOPS_ID,
    Scene,
    by_sort,
    fuller,
    is_named_body,
    looks_human,
    nothing_owns,
    people_before,
    person_meant,
)
from checker.claims.mentions import Mention, Mentions
from checker.claims.predicates import subject_of
from checker.claims.verbs import is_verb
from checker.claims.words import Token, Tokens, lexicon, tokenise, word_set

_NYA_WORDS = word_set(
    """
    hanya punya mempunyai tanya bertanya karenanya olehnya sebelumnya selanjutnya akhirnya biasanya umumnya nyatanya
    lainnya misalnya setidaknya sedikitnya adanya sebenarnya sepenuhnya seharusnya semestinya sebaiknya sesungguhnya
    rupanya kiranya tentunya artinya intinya khususnya utamanya pastinya setibanya seluruhnya sepertinya tampaknya
    kelihatannya agaknya sekiranya harusnya mestinya hasilnya bahayanya banyaknya tingginya besarnya lamanya
    terakhirnya awalnya mulanya sementaranya sesampainya kabarnya katanya konon biasanya satu-satunya berikutnya
    pertamanya totalnya antaranya diantaranya selamanya secepatnya sebanyak-banyaknya sebaliknya untungnya sayangnya
    ironisnya celakanya bagaimananya ditambahnya tambahnya imbuhnya ujarnya tuturnya jelasnya ungkapnya lanjutnya
    penuhnya terjadinya meningkatnya menurunnya tingginya rendahnya kurangnya minimnya maraknya masuknya keluarnya
    naiknya turunnya jatuhnya runtuhnya berakhirnya dimulainya banyaknya sulitnya mahalnya kerasnya luasnya
    """
)


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
        elif lowered in {"it", "its"} and scene.language == "en" and not direct:
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


def _pronoun(tokens: Tokens, index: int, scene: Scene, start: int, speaker: str, resolved: Resolved) -> None:
    token = tokens[index]
    # The object of a clause is not its subject: "Whitfield accused him".
    objective = (
        token.lower in {"him", "her", "them"}
        and index > 0
        and is_verb(tokens[index - 1], scene.language, tokens, index - 1)
    )
    own = frozenset(scene.mentions.within(tokens[0].start, token.start)) if objective else frozenset()
    antecedent = person_meant(scene, start, token.start, "" if objective else speaker, own)
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
    people = people_before(scene, start, token.start)
    if len(people) < 2 and scene.previous:
        earlier = people_before(scene, *scene.previous)
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
    told = bool(speaker) and not topic and index == 0 and is_named_body(speaker, scene)
    if token.lower == "it" and (following is None or following.lower in _EXPLETIVE) and not told:
        return
    own = subject_of(tokens[:index], "en") if index else ()
    if own and own[0].lower in {"a", "an"}:
        own = ()  # "A court dissolved its predecessor": hardly the court's own
    mention = scene.mentions.at(own[-1].start) if own else None
    body = speaker if speaker and not looks_human(speaker, scene) else ""
    if token.lower == "its" and own and not (mention and scene.mentions.is_person(mention)):
        pronoun = own[0].lower in lexicon().words("cues.pronouns")
        antecedent = "" if pronoun else scene.mentions.text[own[0].start : own[-1].end]
    else:
        antecedent = topic or (body if is_named_body(body, scene) else "")
        if index and not own and not body:
            return  # some word before it owns the thing, and the rules do not see which
    antecedent = _bare(antecedent)
    if not antecedent:
        return
    resolved.note(token.text, antecedent)
    if index == 0 and token.lower == "its":
        resolved.swaps.append((token.start, token.end, f"{antecedent}'s"))
    elif index == 0 and token.lower == "it":
        resolved.swaps.append((token.start, token.end, antecedent))


# After "it", these mostly leave it without anything to point to ("it is unclear", "it may take a decade").
_EXPLETIVE = word_set(
    """
    is was were be been may might can could will would should seems seemed appears appeared remains remained took takes
    take 's
    """
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
    people = people_before(scene, start, token.start)
    antecedent = ""
    if is_verb(token, "id") or token.lower in _OBJECTS:
        # The object of a verb is not its subject: "Khamenei memintanya" is about somebody named before.
        others = [m for m in people if m not in own]
        antecedent = swapped or (scene.mentions.full(others[0].name) if others else "") or speaker
    elif swapped and index:
        antecedent = swapped
    elif opening is not None and index and opening.end <= token.start and opening.sort != "other":
        antecedent = scene.mentions.full(opening.name)
    elif people:
        antecedent = scene.mentions.full(people[0].name)
    elif speaker and " " in speaker and not scene.mentions.within(start, token.start) and looks_human(speaker, scene):
        antecedent = speaker
    elif scene.person is not None and scene.is_fresh(scene.person) and nothing_owns(tokens[:index]):
        antecedent = scene.mentions.full(scene.person.name)
    if antecedent:
        resolved.note(token.text, antecedent)


_OBJECTS = word_set("kepadanya olehnya darinya untuknya terhadapnya padanya bersamanya baginya")


def _pointer_after(tokens: Tokens, index: int) -> int | None:
    """Index of the "itu" that closes a noun phrase beginning here: `Gempa bermagnitudo 5,6 itu`, `negara itu`."""
    if not tokens[index].is_word or tokens[index].lower in STOPS_ID | POINTERS:
        return None
    if index + 1 < len(tokens) and tokens[index + 1].lower in POINTERS:
        return index + 1
    if index == 0:
        for at in range(2, min(5, len(tokens))):
            if tokens[at].lower in {"itu", "tersebut"}:
                return at
            if tokens[at].lower in STOPS_ID or not tokens[at].is_word:
                return None
    return None


_LONGEST_SWAP = 6
"""Words of what "serangan itu" stands for that are still put in its place. A longer one makes the claim say more than
the article does in this sentence, so that evidence must bear out all of it; it travels as context."""


def _pointing(phrase: Tokens, opens: bool, scene: Scene, start: int, resolved: Resolved) -> None:
    text = scene.mentions.text
    head = phrase[0].lower
    shown = text[phrase[0].start : phrase[-1].end]
    antecedent, safe = by_sort(head, scene, start, phrase[0].start)
    if not antecedent and head in {"hal", "kejadian", "peristiwa", "kondisi", "situasi"} and scene.previous:
        resolved.note(shown, _clip(scene.said or text[slice(*scene.previous)]))
        return
    if not antecedent:
        earlier = fuller(head, len(phrase), scene, phrase[0].start, scene.language)
        if earlier:
            antecedent, safe = earlier, bool(re.search(r"[A-Z0-9]", earlier[1:]))
    if antecedent:
        resolved.note(shown, antecedent)
        brief = len(antecedent.split()) <= _LONGEST_SWAP
        if safe and brief and len(phrase) == 2 and _clear_end(text, phrase[-1].end):
            swapped = antecedent[0].upper() + antecedent[1:] if phrase[0].is_capital else antecedent
            second = antecedent.split()[1:2]
            named = bool(second) and second[0][0].isupper() and len(antecedent.split()) == 2
            if not phrase[0].is_capital and antecedent.split()[0].lower() == head and not named:
                swapped = antecedent[0].lower() + antecedent[1:]
            resolved.swaps.append((phrase[0].start, phrase[-1].end, swapped))
    del opens


def _clear_end(text: str, position: int) -> bool:
    return position >= len(text) or not text[position].isalnum()


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
    antecedent, safe = by_sort(noun.lower, scene, start, noun.start)
    if not antecedent and tokens[index].lower in {"the", "this", "that"}:
        antecedent, safe = fuller(noun.lower, 2, scene, tokens[index].start, "en"), False
    if antecedent:
        resolved.note(shown, antecedent)
        if safe:
            resolved.swaps.append((tokens[index].start, noun.end, antecedent))


def _noun_goes_on(following: Token, tokens: Tokens, index: int) -> bool:
    """Whether the definite phrase has more words than one noun ("the industry ministry")."""
    if following.lower in LEFT_STOPS_EN or following.is_capital or following.is_number:
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
