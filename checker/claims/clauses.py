"""Compound sentences to propositions, each a span of the article with the subject it borrows from the one before.

A split is made only where both sides state something. Joined nouns, joined verbs with one object, and what a verb of
asking governs ("meminta TNI dan Polri membantu") stay whole: a claim too many is worse than one that says two things.
"""

from __future__ import annotations

from itertools import pairwise

from checker.claims.clause import Clause
from checker.claims.frames import find_frame
from checker.claims.marks import commas, quoted_mask
from checker.claims.phrases import split_lead
from checker.claims.predicates import (
    PREPOSITIONS,
    RELATIVES,
    main_verb,
    says,
    states,
    strip,
    subject_of,
    verb_at,
    verbs_of,
)
from checker.claims.relatives import adjunct, consequence, dated_relative, relative
from checker.claims.verbs import is_verb
from checker.claims.words import LONGEST, Tokens, lexicon


def split_clauses(tokens: Tokens, language: str) -> tuple[Clause, ...]:
    """The propositions of a stretch of tokens, in order; one clause where it cannot be split safely."""
    tokens = strip(tokens)
    if len(tokens) > LONGEST or len([token for token in tokens if token.is_word]) < 6:
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


def _best_cut(tokens: Tokens, language: str) -> tuple[Tokens, Clause] | None:
    """The first place where the stretch comes apart, tried from the strongest joint to the weakest."""
    for cut in (
        _semicolon,
        _contrast,
        _leading_contrast,
        _coordination,
        relative,
        dated_relative,
        adjunct,
        consequence,
    ):
        found = cut(tokens, language)
        if found is not None and _worth(found[0]) and (_worth(found[1].tokens) or found[1].subject):
            return found
    return None


def split_credits(tokens: Tokens, language: str) -> tuple[Tokens, Tokens] | None:
    """Two halves of a sentence that are credited apart, or None.

    At a semicolon; at a contrast after an attribution that closes the first half (`300 orang, kata Ketua RW, sedangkan
    menurut catatan kelurahan 180`).
    """
    found = _semicolon(tokens, language)
    if found is not None:
        return found[0], found[1].tokens
    mask = quoted_mask(tokens)
    for stop in commas(tokens):
        if stop + 4 >= len(tokens) or mask[stop] or stop < 4:
            continue
        if tokens[stop + 1].lower not in lexicon().words("cues.join.contrast"):
            continue
        left, right = tokens[:stop], strip(tokens[stop + 2 :])
        frame = find_frame(left, language)
        closes = frame is not None and bool(frame.source) and frame.source[0].start > frame.contents[0][-1].end
        if closes and len(right) >= 3:
            return left, right
    return None


def _worth(tokens: Tokens) -> bool:
    return len([token for token in tokens if token.is_word]) >= 2


def _semicolon(tokens: Tokens, language: str) -> tuple[Tokens, Clause] | None:
    mask = quoted_mask(tokens)
    for index, token in enumerate(tokens):
        if token.text == ";" and not mask[index]:
            left, right = tokens[:index], strip(tokens[index + 1 :])
            if states(left, language) and states(right, language):
                return left, Clause("joined", right)
    return None


def _contrast(tokens: Tokens, language: str) -> tuple[Tokens, Clause] | None:
    """`..., meskipun mereka membahas ...`, `..., sementara ...`, `..., but ...`, `..., although ...`."""
    words = lexicon()
    mask = quoted_mask(tokens)
    for index in range(2, len(tokens) - 2):
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
        if words.anywhere("cues.join.not_merely", tokens[:index]) >= 0 and token.lower in {
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
        left, right = strip(tokens[:index]), strip(tokens[begin:])
        nominal = language == "id" and comma and len([t for t in left if t.is_word]) >= 4
        said = states(left, language) or nominal or (comma and len(left) >= 2 and bool(verbs_of(left, language)))
        if not said or not right:
            continue
        starts_with_verb = verb_at(right, language) is not None
        if starts_with_verb:
            if language == "en" and right[0].lower.endswith("ing"):
                continue
            return left, Clause("contrast", right, subject_of(left, language))
        if states(right, language):
            if language == "en" and token.lower == "while" and right[0].lower.endswith("ing"):
                continue
            return left, Clause("contrast", right)
    return None


def _leading_contrast(tokens: Tokens, language: str) -> tuple[Tokens, Clause] | None:
    """`Meski A, B`; `While A, B`: two propositions where A has its own subject."""
    if tokens[0].lower not in lexicon().words("cues.join.contrast") - {"namun", "but", "yet", "tetapi", "tapi"}:
        return None
    for stop in commas(tokens):
        left, right = strip(tokens[1:stop]), strip(tokens[stop + 1 :])
        if not right or not states(left, language):
            continue
        if tokens[0].lower in {"sementara", "while"} and left[0].lower in {"itu", "in", "di"}:
            return None
        subject = subject_of(left, language)
        own = subject and subject[0].lower not in PREPOSITIONS
        if own and states(right, language) and subject_of(right, language) and len(left) >= 4:
            return left, Clause("contrast", right)
        return None
    return None


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
        left, right = strip(tokens[:index]), strip(tokens[index + 1 :])
        if words.anywhere("cues.join.not_only", left[-12:]) >= 0 and language == "en":
            continue
        comma = tokens[index - 1].text == ","
        found = _shared_subject(left, right, language) or _own_subject(left, right, language, comma)
        if found is not None:
            return left, found
    return None


def _shared_subject(left: Tokens, right: Tokens, language: str) -> Clause | None:
    """The right side begins with a verb that can only have the left side's subject."""
    at = verb_at(right, language)
    if at is None:
        return None
    verb = right[at]
    left_verbs = verbs_of(left, language)
    if not left_verbs:
        return None
    subject = subject_of(left, language)
    if not subject:
        return None
    said = _is_speech(right, at, language)
    last_relative = max(
        (i for i, t in enumerate(left) if t.lower in RELATIVES and not (i and says(left[i - 1]))), default=-1
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
    if not states(left, language):
        return None
    verb = main_verb(right, language)
    if verb is None or verb == 0 or verb > 12:
        return None
    subject = right[:verb]
    if any(token.text == "," for token in subject) or subject[0].lower in PREPOSITIONS:
        return None
    pronoun = subject[0].lower in lexicon().words("cues.pronouns.subject") and len(subject) <= 3
    pointing = subject[-1].lower in {"itu", "tersebut", "ini"} and len(subject) <= 4
    if pronoun or pointing:
        return None if left[-1].lower in lexicon().words("cues.join.control") else Clause("joined", right)
    counted = subject[0].is_number and len(subject) <= 4 and len(left) >= 3
    if not comma and not counted:
        return None
    # "A, B, dan C menolak": the piece before the joint must be a clause, not a member of a list.
    stops = commas(left)
    last = left[stops[-1] + 1 :] if stops else left
    if stops and not verbs_of(last, language):
        return None
    if any(is_verb(token, language, subject, i) for i, token in enumerate(subject)) and subject[0].lower not in {
        "apa",
        "what",
    }:
        return None
    return Clause("joined", right)


def _medial_relative(tokens: Tokens, language: str) -> tuple[Clause, ...] | None:
    """`X, yang A, B`: A and B are both said of X, where A holds a number or a date."""
    stops = commas(tokens)
    for first, second in pairwise(stops):
        if tokens[first + 1].lower not in {"yang", "who", "which"}:
            continue
        left, inside, rest = tokens[:first], tokens[first + 2 : second], strip(tokens[second + 1 :])
        if not left or not rest or verbs_of(left, language) or len(inside) < 3 or verb_at(rest, language) is None:
            continue
        if not any(t.is_number for t in inside) or not verbs_of(inside, language):
            continue
        _, subject = split_lead(left, language)
        after = split_clauses(rest, language)
        following = tuple(Clause(c.relation, c.tokens, c.subject or subject, c.main) for c in after)
        return (Clause("relative", inside, subject), *following)
    return None
