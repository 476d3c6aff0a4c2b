"""Compound sentences to propositions: each piece a span of the article, with the subject it borrows from the one before.

A split is made only where both sides state something. Joined nouns, joined verbs with one object, and what a verb of
asking governs ("meminta TNI dan Polri membantu") stay whole: a claim too many is worse than one that says two things.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from checker.claims.frames import commas, quoted_mask, split_lead
from checker.claims.words import Token, Tokens, is_verb, lexicon

Relation = Literal["first", "joined", "contrast", "relative", "adjunct", "consequence"]


@dataclass(frozen=True, slots=True)
class Clause:
    """One proposition.

    Attributes:
        tokens: What it says, without the word that joins it.
        subject: What it is said of where the clause does not say so itself.
        link: What stands between subject and clause in a rewording ("dengan nilai ..." keeps its main clause).
    """

    relation: Relation
    tokens: Tokens
    subject: Tokens = ()
    main: Tokens = ()


def split_clauses(tokens: Tokens, language: str) -> tuple[Clause, ...]:
    """The propositions of a stretch of tokens, in order; one clause where it cannot be split safely."""
    tokens = _strip(tokens)
    if len([token for token in tokens if token.is_word]) < 6:
        return (Clause("first", tokens),)
    medial = _medial_relative(tokens, language)
    if medial is not None:
        return medial
    cut = _best_cut(tokens, language)
    if cut is None:
        return (Clause("first", tokens),)
    left, clause = cut
    before = split_clauses(left, language)
    if clause.relation in ("relative", "adjunct"):
        return (*before, clause)
    rest = split_clauses(clause.tokens, language)
    head = Clause(clause.relation, rest[0].tokens, clause.subject, clause.main)
    tail = tuple(
        Clause(c.relation, c.tokens, c.subject or (clause.subject if c.relation == "joined" else ()), c.main)
        for c in rest[1:]
    )
    return (*before, head, *tail)


def subject_of(tokens: Tokens, language: str) -> Tokens:
    """The subject of a clause: what stands before its verb, less adverbials before it."""
    verb = _main_verb(tokens, language)
    if verb is None or verb == 0:
        return ()
    _, subject = split_lead(tokens[:verb], language)
    end = len(subject)
    while end and (subject[end - 1].lower in lexicon().words("verbs.id.auxiliaries") if language == "id" else False):
        end -= 1
    return _strip(subject[:end])


def _strip(tokens: Tokens) -> Tokens:
    start, end = 0, len(tokens)
    while start < end and tokens[start].text in ",;:–—-.":
        start += 1
    while end > start and tokens[end - 1].text in ",;:–—-.":
        end -= 1
    return tokens[start:end]


def _verbs(tokens: Tokens, language: str) -> list[int]:
    """Where the verbs are that stand outside quotations and relative clauses."""
    mask = quoted_mask(tokens)
    found = []
    relative = False
    inner = -1
    for index, token in enumerate(tokens):
        if token.lower in _RELATIVES and index and not (token.lower == "that" and _says(tokens[index - 1])):
            relative, inner = True, -1
        elif token.text == "," or token.lower in {"itu", "tersebut"}:
            relative = False
        if mask[index] or not is_verb(token, language, tokens, index):
            continue
        if relative and language == "id":
            # "laporan yang diterima BNPB mencatat": after the verb of the relative clause comes the main one.
            if inner < 0 or index == inner + 1 or tokens[index - 1].lower in _GOVERNING:
                inner = index
                continue
            relative = False
        if not relative:
            found.append(index)
    return found


_GOVERNING = frozenset(
    "untuk agar supaya dan serta atau guna demi dengan bisa dapat akan telah sudah sedang tidak belum bakal".split()  # noqa: SIM905
)


_RELATIVES = frozenset({"yang", "who", "which", "whose", "that", "where", "whom"})


def _says(token: Token) -> bool:
    return token.lower in lexicon().words("cues.speech.en") | lexicon().words("cues.speech.en_opinion")


def _main_verb(tokens: Tokens, language: str) -> int | None:
    """Where the predicate begins: the first auxiliary or verb of the clause."""
    verbs = _verbs(tokens, language)
    if not verbs:
        return None
    first = verbs[0]
    if language == "id":
        auxiliaries = lexicon().words("verbs.id.auxiliaries")
        while first > 0 and tokens[first - 1].lower in auxiliaries:
            first -= 1
    return first


def _states(tokens: Tokens, language: str) -> bool:
    """Whether a stretch has a verb outside its relative clauses, and something beside it."""
    return len([t for t in tokens if t.is_word]) >= 3 and bool(_verbs(tokens, language))


def _best_cut(tokens: Tokens, language: str) -> tuple[Tokens, Clause] | None:
    """The first place where the stretch comes apart, tried from the strongest joint to the weakest."""
    for cut in (
        _semicolon,
        _contrast,
        _leading_contrast,
        _coordination,
        _relative,
        _dated_relative,
        _adjunct,
        _consequence,
    ):
        found = cut(tokens, language)
        if found is not None and _worth(found[0]) and (_worth(found[1].tokens) or found[1].subject):
            return found
    return None


def _worth(tokens: Tokens) -> bool:
    return len([token for token in tokens if token.is_word]) >= 2


def _semicolon(tokens: Tokens, language: str) -> tuple[Tokens, Clause] | None:
    mask = quoted_mask(tokens)
    for index, token in enumerate(tokens):
        if token.text == ";" and not mask[index]:
            left, right = tokens[:index], _strip(tokens[index + 1 :])
            if _states(left, language) and _states(right, language):
                return left, Clause("joined", right)
    return None


def _contrast(tokens: Tokens, language: str) -> tuple[Tokens, Clause] | None:
    """`..., meskipun mereka membahas ...`, `..., sementara ...`, `..., but ...`, `..., although ...`."""
    words = lexicon()
    mask = quoted_mask(tokens)
    for index in range(3, len(tokens) - 2):
        token = tokens[index]
        if mask[index] or token.lower not in words.words("cues.join.contrast") or token.is_capital:
            continue
        comma = tokens[index - 1].text in ",–—"
        following = tokens[index + 1]
        needs_comma = token.lower in {
            "sementara",
            "while",
            "namun",
            "yet",
            "but",
            "tetapi",
            "tapi",
            "melainkan",
            "walau",
            "meski",
        }
        if needs_comma and not comma:
            continue
        if token.lower in {"sementara"} and following.lower in {"itu", "ini"} and not comma:
            continue
        if words.anywhere("cues.join.not_only", tokens[:index]) >= 0 and token.lower in {
            "but",
            "tetapi",
            "tapi",
            "melainkan",
        }:
            continue
        if token.lower == "but" and following.lower in {"for", "also", "not"}:
            continue
        begin = index + 1
        if following.lower in {"itu", "demikian", "begitu"}:
            begin += 1
        left, right = _strip(tokens[:index]), _strip(tokens[begin:])
        nominal = language == "id" and comma and len([t for t in left if t.is_word]) >= 4
        if not (_states(left, language) or nominal) or not right:
            continue
        starts_with_verb = _verb_at(right, language) is not None
        if starts_with_verb:
            if language == "en" and right[0].lower.endswith("ing"):
                continue
            return left, Clause("contrast", right, subject_of(left, language))
        if _states(right, language):
            if language == "en" and token.lower == "while" and right[0].lower.endswith("ing"):
                continue
            return left, Clause("contrast", right)
    return None


def _leading_contrast(tokens: Tokens, language: str) -> tuple[Tokens, Clause] | None:
    """`Meski A, B`; `While A, B`: two propositions where A has its own subject."""
    if tokens[0].lower not in lexicon().words("cues.join.contrast") - {"namun", "but", "yet", "tetapi", "tapi"}:
        return None
    for stop in commas(tokens):
        left, right = _strip(tokens[1:stop]), _strip(tokens[stop + 1 :])
        if not right or not _states(left, language):
            continue
        if tokens[0].lower in {"sementara", "while"} and left[0].lower in {"itu", "in", "di"}:
            return None
        subject = subject_of(left, language)
        own = subject and subject[0].lower not in _PREPOSITIONS
        if own and _states(right, language) and subject_of(right, language) and len(left) >= 4:
            return left, Clause("contrast", right)
        return None
    return None


_PREPOSITIONS = frozenset(
    """
    di ke dari pada dalam untuk dengan oleh tanpa sejak hingga sampai bagi kepada terhadap atas antara seperti sebagai
    in on at of for from with by to under over about after before between among into during against through
    """.split()  # noqa: SIM905
)


def _verb_at(tokens: Tokens, language: str) -> int | None:
    """Index of the verb with which a stretch begins, adverbs and auxiliaries allowed before it."""
    for index, token in enumerate(tokens[:4]):
        if is_verb(token, language, tokens, index) and not (token.is_capital and index):
            if language == "en" and index and tokens[index - 1].lower not in _EN_ADVERBS:
                return None
            return index
        if token.lower not in (lexicon().words("verbs.id.auxiliaries") if language == "id" else _EN_ADVERBS):
            return None
    return None


_EN_ADVERBS = frozenset(
    "also then later not never now still already has had have is are was were will would even only again".split()
)


def _coordination(tokens: Tokens, language: str) -> tuple[Tokens, Clause] | None:
    """`A terjadi ... dan dinyatakan ...`; `A belum ... dan negara itu ingin ...`; the same in English."""
    words = lexicon()
    mask = quoted_mask(tokens)
    joints = {"dan", "serta", "lalu", "kemudian"} if language == "id" else {"and", "then"}
    for index in range(2, len(tokens) - 2):
        token = tokens[index]
        if mask[index] or token.lower not in joints or token.is_capital:
            continue
        if token.lower in {"lalu", "kemudian", "then"} and tokens[index - 1].text != ",":
            continue
        if tokens[index - 1].lower in joints:
            continue
        left, right = _strip(tokens[:index]), _strip(tokens[index + 1 :])
        if words.anywhere("cues.join.not_only", left[-12:]) >= 0 and language == "en":
            continue
        comma = tokens[index - 1].text == ","
        found = _shared_subject(left, right, language) or _own_subject(left, right, language, comma)
        if found is not None:
            return left, found
    return None


def _shared_subject(left: Tokens, right: Tokens, language: str) -> Clause | None:
    """The right side begins with a verb that can only have the left side's subject."""
    at = _verb_at(right, language)
    if at is None:
        return None
    verb = right[at]
    left_verbs = _verbs(left, language)
    if not left_verbs:
        return None
    subject = subject_of(left, language)
    if not subject:
        return None
    said = _is_speech(right, at, language)
    last_relative = max(
        (i for i, t in enumerate(left) if t.lower in _RELATIVES and not (i and _says(left[i - 1]))), default=-1
    )
    if last_relative >= 0 and not any(t.text == "," for t in left[last_relative:]) and not said:
        return None
    if said:
        return Clause("joined", right, subject)
    main = left_verbs[0]
    # A verb right before the joint shares its object with the next one: "menyesalkan dan mengutuk serangan".
    if len(left) - 1 - left_verbs[-1] < 1 or len(right) - at < 2:
        return None
    governed = {
        "untuk",
        "agar",
        "supaya",
        "to",
        "guna",
        "demi",
        "dapat",
        "bisa",
        "could",
        "would",
        "can",
        "will",
        "sambil",
        "dengan",
    }
    between = left[main:]
    if any(t.lower in governed for t in between[1:]) and not _new_tense(right, at, language):
        return None
    if left[main].lower in lexicon().words("cues.join.control") and len(left_verbs) > 1:
        return None
    if language == "en":
        past = left[main].lower.endswith("ed") or left[main].lower in lexicon().words("verbs.en.forms") or at > 0
        if not past and left[main].lower not in lexicon().words("verbs.en.auxiliaries"):
            return None
        if verb.lower.endswith("ed") and at == 0 and left[main].lower in {"is", "are", "was", "were", "be", "been"}:
            # "was arrested and charged with ...": the passive is shared, the second half still states something.
            return Clause("joined", right, (*subject, left[main]))
        return Clause("joined", right, subject)
    if len(left_verbs) > 2 and verb.lower[:2] != left[main].lower[:2]:
        return None
    return Clause("joined", right, subject)


def _is_speech(tokens: Tokens, at: int, language: str) -> bool:
    words = lexicon()
    if language == "id":
        return bool(words.match("cues.speech.id_active", tokens, at))
    return tokens[at].lower in words.words("cues.speech.en")


def _new_tense(tokens: Tokens, at: int, language: str) -> bool:
    """Whether the right side opens with its own auxiliary ("dan telah", "and has")."""
    first = tokens[0].lower
    if language == "id":
        return at > 0 and first in {"telah", "sudah", "akan", "sedang", "masih", "belum", "tidak", "pernah"}
    return first in {"has", "had", "have", "is", "are", "was", "were", "will"}


def _own_subject(left: Tokens, right: Tokens, language: str, comma: bool) -> Clause | None:
    """The right side has a subject and a verb of its own."""
    if not _states(left, language):
        return None
    verb = _main_verb(right, language)
    if verb is None or verb == 0 or verb > 12:
        return None
    subject = right[:verb]
    if any(token.text == "," for token in subject) or subject[0].lower in _PREPOSITIONS:
        return None
    pronoun = subject[0].lower in lexicon().words("cues.pronouns.subject") and len(subject) <= 3
    pointing = subject[-1].lower in {"itu", "tersebut", "ini"} and len(subject) <= 4
    if pronoun or pointing:
        return None if left[-1].lower in lexicon().words("cues.join.control") else Clause("joined", right)
    if not comma:
        return None
    # "A, B, dan C menolak": the piece before the joint must be a clause, not a member of a list.
    stops = commas(left)
    last = left[stops[-1] + 1 :] if stops else left
    if stops and not _verbs(last, language):
        return None
    if any(is_verb(token, language, subject, i) for i, token in enumerate(subject)) and subject[0].lower not in {
        "apa",
        "what",
    }:
        return None
    return Clause("joined", right)


def _relative(tokens: Tokens, language: str) -> tuple[Tokens, Clause] | None:
    """`..., yang masing-masing dihukum empat tahun`; `..., which cost ...`: at the end, after a comma."""
    for stop in commas(tokens):
        if stop + 3 >= len(tokens):
            continue
        opener = tokens[stop + 1].lower
        if opener not in {"yang", "who", "which"}:
            continue
        left, right = tokens[:stop], _strip(tokens[stop + 2 :])
        if not _states(left, language) or len([t for t in right if t.is_word]) < 3:
            continue
        if not (_verbs(right, language) or any(t.is_number for t in right)):
            continue
        antecedent = _antecedent(left, language)
        if not _can_own(antecedent) or right[0].lower in _CAUSING:
            continue
        return left, Clause("relative", right, antecedent)
    return None


# "..., yang membuat sungai meluap" is said of the whole event before it.
_CAUSING = frozenset(
    """
    membuat menyebabkan mengakibatkan memicu menjadikan berarti made caused led means meant left forced prompted brought
    """.split()  # noqa: SIM905
)


def _can_own(phrase: Tokens) -> bool:
    """Whether a phrase is a thing: not only a date or a figure."""
    calendar = lexicon().words("names.calendar.words")
    return any(token.is_word and not token.is_number and token.lower not in calendar for token in phrase)


def _medial_relative(tokens: Tokens, language: str) -> tuple[Clause, ...] | None:
    """`X, yang A, B`: A and B are both said of X, where A holds a number or a date."""
    stops = commas(tokens)
    for first, second in pairwise(stops):
        if tokens[first + 1].lower not in {"yang", "who", "which"}:
            continue
        left, inside, rest = tokens[:first], tokens[first + 2 : second], _strip(tokens[second + 1 :])
        if not left or not rest or _verbs(left, language) or len(inside) < 4 or _verb_at(rest, language) is None:
            continue
        if not any(t.is_number for t in inside) or not _verbs(inside, language):
            continue
        _, subject = split_lead(left, language)
        after = split_clauses(rest, language)
        following = tuple(Clause(c.relation, c.tokens, c.subject or subject, c.main) for c in after)
        return (Clause("relative", inside, subject), *following)
    return None


def _antecedent(left: Tokens, language: str) -> Tokens:
    """The noun phrase at the end of a clause, to which a relative clause belongs.

    Names joined by "dan" belong together ("Kasdi Subagyono dan Muhammad Hatta"); else the phrase runs back to the last
    verb, preposition or comma.
    """
    start = len(left)
    while start > 0:
        token = left[start - 1]
        if token.text in ",;:" or token.lower in _PREPOSITIONS or is_verb(token, language, left, start - 1):
            break
        start -= 1
    phrase = left[start:]
    if language == "id":
        joint = max((i for i, t in enumerate(phrase) if t.lower in {"dan", "serta"}), default=-1)
        if joint >= 0 and not (joint + 1 < len(phrase) and phrase[joint + 1].is_capital):
            phrase = phrase[joint + 1 :]
        thing = next((i for i, t in enumerate(phrase) if i and t.lower in _THINGS), None)
        if thing is not None:
            phrase = phrase[thing:]
    capital = next((i for i, token in enumerate(phrase) if token.is_capital), None)
    if capital is not None and phrase[0].lower in {"the", "a", "an"}:
        return phrase
    return phrase or left[-3:]


# What is signed, left or annulled, however many people stand before it ("penandatangan kesepakatan yang ditinggalkan").
_THINGS = frozenset("kesepakatan perjanjian undang-undang aturan pakta kontrak traktat konvensi".split())  # noqa: SIM905


def _dated_relative(tokens: Tokens, language: str) -> tuple[Tokens, Clause] | None:
    """A long closing relative clause that names an agent and a year states an event of its own.

    `... kesepakatan nuklir sebelumnya yang ditinggalkan Trump selama masa jabatan pertamanya pada tahun 2018`
    """
    for index in range(len(tokens) - 7, 3, -1):
        if tokens[index].lower not in {"yang", "which"}:
            continue
        right = tokens[index + 1 :]
        if any(token.text == "," for token in right) or len(right) < 6 or _verb_at(right, language) is None:
            continue
        year = any(token.is_number and len(token.text) == 4 and token.text[:2] in {"19", "20"} for token in right)
        named = any(token.is_capital for token in right[1:])
        if year and named and _states(tokens[:index], language):
            left = tokens[:index]
            return left, Clause("relative", right, _antecedent(left, language))
    return None


def _adjunct(tokens: Tokens, language: str) -> tuple[Tokens, Clause] | None:
    """`..., dengan nilai Rp75 juta untuk rumah rusak berat`: a figure that is added to the event."""
    for stop in commas(tokens):
        right = tokens[stop + 1 :]
        if len(right) < 4 or right[0].lower not in {"dengan", "with"}:
            continue
        if not any(token.is_number for token in right[1:7]):
            continue
        noun = right[1].lower in lexicon().words("cues.join.sum")
        counted = language == "en" and right[1].is_number
        left = tokens[:stop]
        if (noun or counted) and _states(left, language):
            return left, Clause("adjunct", right, main=left)
    return None


def _consequence(tokens: Tokens, language: str) -> tuple[Tokens, Clause] | None:
    """`..., menewaskan 12 orang`; `..., killing 12 people`."""
    for stop in commas(tokens):
        right = tokens[stop + 1 :]
        if len(right) < 3 or right[0].lower not in lexicon().words("cues.join.consequence"):
            continue
        left = tokens[:stop]
        if any(token.is_number for token in right[:8]) and _states(left, language):
            return left, Clause("consequence", right, subject_of(left, language) if language == "id" else (), main=left)
    return None
