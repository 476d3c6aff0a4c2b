"""Frames that stand before what is said: `X mengatakan bahwa ...`, `X said on Monday that ...`."""

from __future__ import annotations

from checker.claims.frame import Frame
from checker.claims.marks import commas, quoted_mask, strip
from checker.claims.phrases import (
    ADVERBS,
    NEGATIONS,
    RECEIVED,
    SOURCE_ENDS,
    SUBJECT_OPENERS,
    THAT,
    WEEKDAYS,
    adjectival,
    drop_adverbs,
    has_clause,
    is_noun_phrase,
    proposition,
    recipient_of,
    split_lead,
)
from checker.claims.verbs import is_verb
from checker.claims.words import Tokens, lexicon, word_set


def initial_frame(tokens: Tokens, language: str, inherit: bool) -> Frame | None:
    """`X mengatakan [kepada Y] [bahwa] ...`; `X said on Monday that ...`; `X told Y ...`."""
    words = lexicon()
    mask = quoted_mask(tokens)
    stated, held = (
        ("cues.speech.id_active", "cues.speech.id_opinion")
        if language == "id"
        else (
            "cues.speech.en",
            "cues.speech.en_opinion",
        )
    )
    for index in range(min(len(tokens) - 1, 45)):
        if mask[index]:
            continue
        length = words.match(stated, tokens, index)
        opinion = 0 if length else words.match(held, tokens, index)
        length = length or opinion
        if not length or (tokens[index].is_capital and index > 0):
            continue
        if index and tokens[index - 1].lower in NEGATIONS:
            continue
        lead, source = split_lead(tokens[:index], language)
        source = drop_adverbs(source)
        if source:
            if not is_noun_phrase(source, language) or tokens[index - 1].lower in {
                "yang",
                "who",
                "which",
                "that",
                "of",
                "the",
                "a",
            }:
                continue
        elif not (
            inherit and all(t.lower in ADVERBS or t.lower in {"dan", "and"} or not t.is_word for t in tokens[:index])
        ):
            continue
        if source and _is_event(source):
            return None
        found = _content_after(tokens, index, length, language)
        if found is None:
            continue
        content, recipient = found
        return Frame(
            "initial",
            (content,),
            source,
            tokens[index : index + length],
            tokens,
            recipient,
            lead,
            opinion=bool(opinion),
        )
    return None


def _is_event(source: Tokens) -> bool:
    """Whether a subject is a thing that cannot speak: "Peristiwa ini mengingatkan kita", "The episode reminds us"."""
    nouns = lexicon().words("names.nouns.event") | _THINGS
    return source[0].lower in nouns or (
        len(source) > 1 and source[0].lower in {"the", "this"} and source[1].lower in nouns
    )


_THINGS = word_set(
    """
    tragedi kasus ini itu bencana kegagalan kemenangan vonis putusan kondisi situasi fakta angka kisah cerita pengalaman
    episode case event tragedy disaster failure victory verdict saga story episode experience affair scandal
    """
)


def colon_frame(tokens: Tokens, language: str) -> Frame | None:
    """`The governor disagreed: "The money ..."`: any verb will do before a colon and a quotation."""
    mask = quoted_mask(tokens)
    for index in range(2, len(tokens) - 3):
        if tokens[index].text != ":" or mask[index] or not tokens[index + 1].is_quote or tokens[index + 1].closing:
            continue
        lead, clause = split_lead(tokens[:index], language)
        verb = next((i for i, t in enumerate(clause) if i and is_verb(t, language, clause, i)), None)
        source = drop_adverbs(clause[:verb]) if verb else ()
        if verb is None or not source or not is_noun_phrase(source, language):
            return None
        return Frame("initial", (tokens[index + 1 :],), source, (clause[verb],), tokens, lead=lead)
    return None


def _content_after(tokens: Tokens, index: int, length: int, language: str) -> tuple[Tokens, Tokens] | None:
    """What is said after the verb at `index`, and to whom; None where what follows is no proposition."""
    words = lexicon()
    verb = " ".join(token.base for token in tokens[index : index + length])
    begin = index + length
    rest = tokens[begin:]
    recipient: Tokens = ()
    if not rest:
        return None
    that = _find_that(rest, language)
    if verb in RECEIVED:
        recipient, after = _hearer(rest)
        if not recipient:
            return None
        if that is None or that > len(rest) - len(after) + 6:
            content = strip(after)
            return (content, recipient) if proposition(content, language) else None
    if that is not None:
        between = rest[:that]
        if not recipient:
            recipient = recipient_of(between)[0]
        if rest[that].lower in {"jika", "kalau", "how", "whether", "apakah"}:
            content = rest[that + 1 :] if rest[that].lower in {"jika", "kalau"} else rest[that:]
        else:
            content = rest[that + 1 :]
        content = strip(content)
        return (content, recipient) if proposition(content, language) or len(content) >= 2 else None
    opened = next((i for i, token in enumerate(rest[:14]) if token.is_quote), None)
    colon = next((i for i, token in enumerate(rest[:14]) if token.text == ":"), None)
    if colon is not None and (opened is None or colon < opened):
        return strip(rest[colon + 1 :]), recipient_of(rest[:colon])[0]
    if opened is not None and (opened == 0 or rest[opened - 1].text in ",:") and len(rest) - opened > 3:
        return rest[opened:], recipient_of(rest[:opened])[0]
    needs = words.words(f"cues.speech.{language}_needs_that")
    if verb in needs and verb not in RECEIVED and not _own_clause(rest, language):
        return None
    skipped = _skip_adverbial(rest, language)
    content = strip(rest[skipped:])
    calls = verb in {"menyebut", "menyebutkan"} and any(t.lower in {"sebagai", "dengan"} for t in content)
    if calls and not has_clause(content, language):
        # "menyebut kemenangan itu sebagai sejarah baru" calls a thing a name and states nothing of its own.
        return None
    if not recipient:
        recipient = recipient_of(rest[:skipped])[0]
    return (content, recipient) if proposition(content, language) else None


def _own_clause(tokens: Tokens, language: str) -> bool:
    """Whether what follows a verb is plainly a clause: a subject and an auxiliary ("announced it will ...")."""
    if language != "en":
        return False
    for index, token in enumerate(tokens[:5]):
        if token.lower in _FINITE:
            return index > 0 and (tokens[0].lower in SUBJECT_OPENERS or tokens[0].is_capital)
        if not token.is_word or token.lower in SOURCE_ENDS:
            return False
    return False


_FINITE = word_set("is are was were will would has had have can could may might should won't wouldn't isn't wasn't")


def _find_that(tokens: Tokens, language: str) -> int | None:
    """Index of the "bahwa" / "that" that opens the content: no verb stands between it and the cue."""
    for index, token in enumerate(tokens[:22]):
        if token.is_quote:
            return None
        if token.lower in THAT:
            if token.lower == "that" and index and index + 1 < len(tokens) and tokens[index + 1].text in ",.":
                return None
            return index
        noun = index + 1 < len(tokens) and tokens[index + 1].lower == "that" and token.lower in _REPORTS
        if is_verb(token, language, tokens, index) and not adjectival(tokens, index) and not noun:
            return None
    return None


_REPORTS = word_set("reports report claims claim allegations rumours rumors suggestions statements fears hopes")


def _hearer(tokens: Tokens) -> tuple[Tokens, Tokens]:
    """The hearer after `told`, and what follows: `Reuters`, `reporters in Moscow`, `the newspaper`, `him`."""
    end = 0
    while end < len(tokens) and tokens[end].lower in {"the", "a", "an", "his", "her", "its", "their", "our", "my"}:
        end += 1
    if end < len(tokens) and tokens[end].is_capital:
        while end < len(tokens) and (
            tokens[end].is_capital
            or (tokens[end].lower in {"of", "and", "the"} and end + 1 < len(tokens) and tokens[end + 1].is_capital)
        ):
            end += 1
    elif end < len(tokens) and tokens[end].is_word:
        end += 1
    hearer = tokens[:end]
    rest = tokens[end:]
    skipped = _skip_adverbial(rest, "en")
    return hearer, rest[skipped:]


def _skip_adverbial(tokens: Tokens, language: str) -> int:
    """How many tokens of time, place or hearer stand before the content itself."""
    if not tokens:
        return 0
    if language == "id":
        if tokens[0].lower in {"kepada", "dalam", "di", "pada", "saat", "melalui", "lewat", "kepadanya", "("}:
            stop = next((i for i in commas(tokens)), None)
            if tokens[0].lower == "kepadanya":
                return 1
            if stop is not None and stop <= 14:
                return stop + 1
            if tokens[0].lower == "kepada":
                return len(tokens) - len(recipient_of(tokens)[1]) if recipient_of(tokens)[0] else 0
        if tokens[0].text == ",":
            following = commas(tokens)
            return following[1] + 1 if len(following) > 1 and following[1] <= 10 else 1
        return 0
    if tokens[0].lower in WEEKDAYS:
        return 1
    if tokens[0].lower in {"on", "in", "at", "late", "early", "during", "via", "through", "last", "this"}:
        stop = next((i for i in commas(tokens)), None)
        if stop is not None and stop <= 8:
            return stop + 1
        if tokens[0].lower in {"on", "late", "early"} and len(tokens) > 2 and tokens[1].lower in WEEKDAYS:
            return 2
        if tokens[0].lower in {"last", "this"} and len(tokens) > 2:
            return 2
        if tokens[0].lower == "in" and len(tokens) > 4:
            # "said in a statement the plan ...": the content opens with its own subject.
            for at in range(2, min(6, len(tokens) - 2)):
                if tokens[at].is_capital or tokens[at].lower in {"the", "it", "he", "she", "they", "we"}:
                    return at
    if tokens[0].text == ",":
        following = commas(tokens)
        return following[1] + 1 if len(following) > 1 and following[1] <= 10 else 1
    return 0
