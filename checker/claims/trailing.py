"""Frames that follow what is said: `..., kata Peskov`, `..., according to X`, `"...," X said`."""

from __future__ import annotations

from checker.claims.frame import Frame, Shape
from checker.claims.marks import quoted_mask, strip
from checker.claims.phrases import (
    ADVERBS,
    NEGATIONS,
    RECEIVED,
    SOURCE_ENDS,
    SUBORDINATORS,
    THAT,
    WEEKDAYS,
    before_relative,
    drop_adverbs,
    has_clause,
    is_noun_phrase,
    plausible_source,
    proposition,
    recipient_of,
    source_phrase,
)
from checker.claims.verbs import is_verb
from checker.claims.words import Tokens, lexicon, word_set


def trailing_frame(tokens: Tokens, language: str) -> Frame | None:
    """The last frame of a stretch that follows what is said, or None."""
    return _trailing_id(tokens) if language == "id" else _trailing_en(tokens)


def _trailing_id(tokens: Tokens) -> Frame | None:
    """`..., kata X kepada Y`, `... menurut X`, `..., tambahnya`, `..., dikutip dari X`."""
    words = lexicon()
    mask = quoted_mask(tokens)
    for index in range(len(tokens) - 1, 1, -1):
        token = tokens[index]
        if mask[index]:
            continue
        after_mark = (
            tokens[index - 1].text in ",–—"
            or tokens[index - 1].is_quote
            or (tokens[index - 1].text in "?!" and index > 1)
        )
        stem = words.match("cues.speech.id_post", tokens, index)
        inherits = token.lower.endswith("nya") and token.lower[:-3] in words.words("cues.speech.id_post")
        outlet = words.match("cues.frames.id_outlet", tokens, index)
        if tokens[index].lower in {"seperti", "sebagaimana", "demikian"} and not stem:
            outlet = (
                words.match("cues.frames.id_outlet", tokens, index + 1) + 1
                if (words.match("cues.frames.id_outlet", tokens, index + 1))
                else 0
            )
        according = token.lower == "menurut"
        active = (
            after_mark and tokens[index - 1].is_quote and words.match("cues.speech.id_active", tokens, index)
        )  # "...," tulis/ujar; never in good style, but met
        if not (((stem or inherits or outlet) and after_mark) or according or active):
            continue
        if (outlet and not (stem or inherits)) and token.lower in {
            "dilaporkan",
            "dikabarkan",
            "disiarkan",
            "diberitakan",
        }:
            following = tokens[index + outlet] if index + outlet < len(tokens) else None
            if following is None or not (following.is_capital or following.lower == "oleh"):
                continue
        length = stem or outlet or 1
        content = strip(tokens[:index])
        if len([t for t in content if t.is_word]) < 2 and not any(t.is_quote for t in content):
            continue
        rest = tokens[index + length :]
        if inherits and not stem:
            source: Tokens = ()
            recipient, more = recipient_of(rest)
        else:
            source, rest = source_phrase(rest)
            if not source:
                continue
            recipient, more = recipient_of(rest)
        if according and not plausible_source(source):
            continue
        contents = [content]
        resumed = _resumed(tokens, index + length) or _interrupted(content, rest, "id")
        if resumed:
            contents.append(resumed)
        shape: Shape = "outlet" if outlet and not stem and not inherits else "according" if according else "trailing"
        added = () if resumed else _more(more, "id")
        cue = tokens[index : index + length]
        return Frame(shape, tuple(contents), source, cue, tokens, recipient=recipient, more=added)
    return None


CITING = frozenset({"citing", "quoting", "per"})


def _resumed(tokens: Tokens, begin: int) -> Tokens:
    """The second half of a quotation that its attribution interrupts: `"A," kata X, "B"`."""
    for index in range(begin, len(tokens)):
        if tokens[index].is_quote:
            rest = tokens[index:]
            return rest if len(rest) > 2 else ()
    return ()


def _trailing_en(tokens: Tokens) -> Frame | None:
    """`..., X said`; `..., said X`; `..., according to X`; `"...," X said, "..."`."""
    words = lexicon()
    mask = quoted_mask(tokens)
    for index in range(len(tokens) - 1, 1, -1):
        if mask[index] and not tokens[index].is_quote:
            continue
        token = tokens[index]
        previous = tokens[index - 1]
        length = words.match("cues.frames.en_according", tokens, index)
        if (length and token.lower != "per" and token.lower != "quoting") or (length and previous.text == ","):
            source, _ = source_phrase(tokens[index + length :])
            content = strip(tokens[:index])
            if token.lower in CITING and not plausible_source(source):
                continue
            if source and has_clause(content, "en"):
                return Frame("according", (content,), source, tokens[index : index + length], tokens)
        opens = previous.text in ",—–" or (previous.is_quote and index > 2) or (previous.text in "?!" and index > 2)
        if not opens or token.is_quote:
            continue
        begin = _whole_source(tokens, index)
        found = _said_then_source(tokens, index) or _source_then_said(tokens, begin)
        if not found:
            continue
        if found[0][0].start < token.start:
            index = begin
        source, cue, rest = found
        content = strip(tokens[:index])
        direct = any(t.is_quote for t in content)
        interrupted = () if direct else _interrupted(content, rest, "en")
        if not direct and not interrupted and not has_clause(content, "en"):
            continue
        recipient: Tokens = ()
        if cue[0].lower in RECEIVED:
            recipient, rest = source_phrase(rest)
            if not recipient:
                continue
        else:
            recipient, _ = recipient_of(rest)
        resumed = _resumed(tokens, tokens.index(cue[-1]) + 1) or interrupted
        more = _more(tokens[tokens.index(cue[-1]) + 1 :], "en")
        contents = (content, resumed) if resumed and not more else (content,)
        return Frame("trailing", contents, source, cue, tokens, recipient=recipient, more=more)
    return _signed(tokens)


def _interrupted(content: Tokens, rest: Tokens, language: str) -> Tokens:
    """What follows an attribution between a subject and its verb: `Pemkot, lanjut Idris, menyiapkan ...`."""
    if has_clause(content, language) or not rest or rest[0].text != "," or any(t.is_quote for t in rest):
        return ()
    following = strip(rest)
    opens = bool(following) and is_verb(following[0], language, following, 0)
    opens = opens or (language == "id" and bool(following) and following[0].lower in ADVERBS | NEGATIONS)
    return following if opens and len(following) >= 2 else ()


def _signed(tokens: Tokens) -> Frame | None:
    """`"We can build a wall." — Steve Quinlan`: a quotation with its author after a dash."""
    dash = next((i for i in range(len(tokens) - 1, 1, -1) if tokens[i].text in "—–―-"), -1)
    name = tokens[dash + 1 :]
    if dash < 3 or not tokens[dash - 1].is_quote or not 1 <= len(name) <= 6:
        return None
    if not all(token.is_capital or token.text in ",." for token in name):
        return None
    return Frame("trailing", (tokens[:dash],), strip(name), (tokens[dash],), tokens)


_ADDING_ID = word_set(
    "menambahkan menegaskan mengatakan menyebut menyatakan menjelaskan mengklaim mengingatkan menyebutkan"
)


def _more(tokens: Tokens, language: str) -> Tokens:
    """What the speaker goes on to say: `..., he said, adding that ...`; `..., kata X seraya menambahkan ...`."""
    for index in range(len(tokens) - 2):
        if tokens[index].is_quote:
            return ()
        if language == "en":
            opens = tokens[index].text == "," and tokens[index + 1].lower in PARTICIPLES
        else:
            joins = tokens[index].lower in {"seraya", "sambil", "sembari", "dan"}
            opens = joins and tokens[index + 1].lower in _ADDING_ID
        if opens:
            rest = tokens[index + 2 :]
            if rest and rest[0].lower in THAT:
                rest = rest[1:]
            rest = strip(rest)
            return rest if proposition(rest, language) else ()
    return ()


def _whole_source(tokens: Tokens, index: int) -> int:
    """Where a source begins of which `index` begins an apposition: `Anna Novak, the minister's spokeswoman, said`."""
    while (
        tokens[index - 1].text == "," and tokens[index].lower in {"the", "a", "an", "who", "chief", "head"} | _roles()
    ):
        start = index - 1
        while start > 0 and not (tokens[start - 1].text == "," or tokens[start - 1].is_quote):
            start -= 1
        chunk = tokens[start : index - 1]
        named = 0 < len(chunk) <= 6 and all(t.is_capital or t.lower in {"of", "the", "and"} for t in chunk)
        if start < 2 or not named:
            break
        index = start
    return index


def _roles() -> frozenset[str]:
    return lexicon().words("names.roles.en")


def _said_then_source(tokens: Tokens, index: int) -> tuple[Tokens, Tokens, Tokens] | None:
    """`said Dmitry Peskov, the Kremlin's spokesman`."""
    if tokens[index].lower not in lexicon().words("cues.speech.en") or index + 1 >= len(tokens):
        return None
    following = tokens[index + 1]
    if following.lower in SOURCE_ENDS | THAT | WEEKDAYS or not following.is_word:
        return None
    if following.lower in {"it", "he", "she", "they"}:
        return None
    source, rest = source_phrase(tokens[index + 1 :])
    if not source or any(is_verb(t, "en", source, i) for i, t in enumerate(before_relative(source))):
        return None
    return source, tokens[index : index + 1], rest


def _source_then_said(tokens: Tokens, index: int) -> tuple[Tokens, Tokens, Tokens] | None:
    """`Dmitry Peskov, the Kremlin's spokesman, said in Moscow on Monday`."""
    words = lexicon()
    limit = min(len(tokens), index + 28)
    for at in range(index, limit):
        token = tokens[at]
        if token.is_quote or token.text in ";:":
            return None
        if token.lower in words.words("cues.speech.en") | words.words("cues.speech.en_opinion") and at > index:
            source = drop_adverbs(strip(tokens[index:at]))
            before = tokens[at - 1].lower
            if not source or before in NEGATIONS or not is_noun_phrase(source, "en"):
                return None
            if source[0].lower in SUBORDINATORS:
                return None
            after = tokens[at + 1 :]
            if after and after[0].lower in THAT:
                return None
            # Something else than time, place and hearer after the verb is a content of its own.
            direct = tokens[index - 1].is_quote and len(source) <= 8
            if after and after[0].is_word and token.lower not in RECEIVED and not direct and not _is_adverbial(after):
                continue
            return source, tokens[at : at + 1], after
    return None


def _is_adverbial(tokens: Tokens) -> bool:
    first = tokens[0]
    return (
        first.lower in SOURCE_ENDS
        or first.lower in WEEKDAYS
        or first.is_quote
        or first.text in ",.—–("
        or first.lower.endswith("ly")
        or first.lower in {"last", "this", "by", "with", "of", "earlier", "later", "then", "when", "about"}
    )


PARTICIPLES = word_set(
    """
    saying adding claiming arguing noting insisting stating warning alleging explaining stressing declaring asserting
    """
)
