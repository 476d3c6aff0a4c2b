"""Frames of reported speech in one stretch of a sentence: where the source, the cue and the content are.

A frame is only found here; who the source is, and what carries over from earlier sentences, is `attribution`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from checker.claims.words import Token, Tokens, is_verb, lexicon

Shape = Literal["trailing", "initial", "according", "outlet", "document", "participle", "label"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One attribution in a stretch of tokens; the fields are runs of its tokens.

    Attributes:
        contents: What is said; two runs where the attribution interrupts it.
        source: Who says it; empty where it is to be inherited ("tambahnya", a shared subject).
        recipient: Whom it was told ("kepada Reuters").
        whole: From the first to the last token that belongs to the frame.
        lead: An adverbial before the source that dates or places the saying, not the content.
        more: What the same speaker goes on to say ("..., he said, adding that ...").
        still: The frame continues an earlier one ("Masih dari Aljazeera").
        opinion: The cue is of holding a view.
    """

    shape: Shape
    contents: tuple[Tokens, ...]
    source: Tokens
    cue: Tokens
    whole: Tokens
    recipient: Tokens = ()
    lead: Tokens = ()
    more: Tokens = ()
    still: bool = False
    opinion: bool = False


_SOURCE_ENDS = frozenset(
    """
    kepada saat ketika dalam melalui lewat usai seusai sebelum setelah pada seperti dikutip dilansir sebagaimana sambil
    seraya sembari sehabis selepas di ke terkait soal tentang mengenai menanggapi merujuk ihwal perihal
    to in on at during after before when while as about via through from following outside speaking late early
    adding referring last this earlier yesterday today via per citing regarding
    """.split()  # noqa: SIM905
)
_OPEN_QUOTES = "“„«"
_SUBORDINATORS = frozenset(
    """
    pada di dalam dari ke saat ketika setelah sebelum sesudah sejak selama sementara meski meskipun walau walaupun untuk
    dengan tanpa usai seusai menurut selain karena jika bila apabila kendati terkait menanggapi namun tetapi hingga
    sampai menjelang berdasarkan lewat melalui seiring sebagai akibat atas kemarin hari tadi sebelumnya kemudian
    in on at after before when while during under as since with without although though despite for from by if because
    until upon amid following speaking asked responding citing however earlier later yesterday today last this meanwhile
    but and so yet still also then separately among about around over through throughout once
    """.split()  # noqa: SIM905
)
_ADVERBS = frozenset(
    """
    juga telah sudah sebelumnya kemudian lalu sempat pun kembali hanya pernah sendiri secara terus lantas selanjutnya
    kini sekali lagi langsung turut tetap akhirnya masih bahkan tegas terpisah terang-terangan
    also has had have later then repeatedly previously already just recently once again publicly still now reportedly
    eventually have since initially earlier only simply finally even both all who always often long further
    """.split()  # noqa: SIM905
)
_NEGATIONS = frozenset(
    """
    tidak tak belum bukan enggan menolak jangan tanpa not never didn't doesn't don't hasn't hadn't haven't won't
    wouldn't cannot can't couldn't declined refused refuses declines failed to should must will would could may might
    can akan untuk agar bisa dapat
    """.split()  # noqa: SIM905
)
_WEEKDAYS = frozenset(
    """
    monday tuesday wednesday thursday friday saturday sunday senin selasa rabu kamis jumat sabtu minggu today yesterday
    tomorrow earlier later tonight again
    """.split()  # noqa: SIM905
)
_RECEIVED = frozenset({"told", "tells", "tell", "informed", "assured", "reminded", "warned", "asked", "asks"})
_THAT = frozenset({"that", "bahwa", "bahwasanya", "jika", "kalau", "how", "whether", "apakah"})


def find_frame(tokens: Tokens, language: str, *, inherit: bool = False) -> Frame | None:
    """The outermost frame of a stretch of tokens, or None.

    Args:
        tokens: A sentence or clause without its final full stop.
        language: `id` or `en`.
        inherit: The stretch may begin with its verb of saying, its subject being that of the clause before.
    """
    if len(tokens) < 3:
        return None
    return (
        _label(tokens)
        or _leading(tokens, language)
        or _trailing(tokens, language)
        or _initial(tokens, language, inherit)
        or _colon(tokens, language)
        or _document(tokens, language)
        or _reporting(tokens, language)
        or _denial(tokens, language, inherit)
        or _participle(tokens, language)
    )


def commas(tokens: Tokens) -> list[int]:
    """Where the commas are that stand outside quotation marks and brackets."""
    found = []
    depth = 0
    quoted = _begins_quoted(tokens)
    for index, token in enumerate(tokens):
        if token.is_quote:
            quoted = _toggles(token, quoted)
        elif token.text in "([":
            depth += 1
        elif token.text in ")]":
            depth = max(0, depth - 1)
        elif token.text == "," and not quoted and not depth:
            found.append(index)
    return found


def _toggles(token: Token, quoted: bool) -> bool:
    """The state after a quotation mark."""
    del quoted
    return not token.closing


def _begins_quoted(tokens: Tokens) -> bool:
    """Whether the tokens begin inside a quotation that an earlier sentence opened."""
    first = next((token for token in tokens if token.is_quote), None)
    return first is not None and first.closing


def quoted_mask(tokens: Tokens) -> list[bool]:
    """For each token whether it stands inside quotation marks (the marks included)."""
    mask = []
    quoted = _begins_quoted(tokens)
    for token in tokens:
        if token.is_quote:
            was = quoted
            quoted = _toggles(token, quoted)
            mask.append(was or quoted)
        else:
            mask.append(quoted)
    return mask


def _strip(tokens: Tokens) -> Tokens:
    """Without commas, dashes and colons at either end."""
    start, end = 0, len(tokens)
    while start < end and tokens[start].text in ",;:–—-":
        start += 1
    while end > start and tokens[end - 1].text in ",;:–—-":
        end -= 1
    return tokens[start:end]


def _label(tokens: Tokens) -> Frame | None:
    """`PENCE: Well, ...`, `Peskov: Moskow siap`: a transcript."""
    colon = next((i for i, token in enumerate(tokens[:7]) if token.text == ":"), -1)
    if colon < 1 or colon + 2 >= len(tokens) or tokens[colon + 1].start == tokens[colon].end:
        return None
    name = tuple(token for token in tokens[:colon] if token.is_word)
    if not name or len(name) > 5 or not all(token.is_capital and token.text.isalpha() for token in name):
        return None
    content = tokens[colon + 1 :]
    opened = content[0].is_quote or tokens[0].is_quote
    if not (opened or all(token.text.isupper() for token in name)):
        return None
    return Frame("label", (content,), name, (tokens[colon],), tokens)


def _leading(tokens: Tokens, language: str) -> Frame | None:
    """`Menurut X, ...`; `Sementara diberitakan X, ...`; `According to X, ...`."""
    words = lexicon()
    start = words.match("cues.frames.id_openers", tokens, 0) if language == "id" else 0
    if language == "en" and tokens[0].lower in {"meanwhile", "but", "and", "also", "however"}:
        start = 2 if tokens[1].text == "," else 1
    if start and start < len(tokens) and tokens[start].text == ",":
        start += 1
    for begin in dict.fromkeys((0, start)):
        if tokens[begin].lower == "menurutnya" and begin + 3 < len(tokens):
            return Frame("according", (_strip(tokens[begin + 1 :]),), (), tokens[begin : begin + 1], tokens)
        for path, shape, still in (
            ("id_still", "outlet", True),
            ("id_outlet", "outlet", False),
            ("id_according", "according", False),
            ("en_still", "according", True),
            ("en_according", "according", False),
        ):
            if (language == "id") != path.startswith("id"):
                continue
            length = words.match(f"cues.frames.{path}", tokens, begin)
            if not length:
                continue
            if (
                tokens[begin].lower in {"dilaporkan", "dikabarkan", "diberitakan"}
                and not tokens[begin + length].is_capital
            ):
                continue
            source, rest = _phrase_to_comma(tokens, begin + length)
            if not source or not rest:
                continue
            if tokens[begin].lower in _CITING and not _plausible_source(source):
                continue
            if (
                path == "id_according"
                and tokens[begin].lower == "berdasarkan"
                and not any(t.is_capital for t in source)
            ):
                continue
            return Frame(
                shape,  # type: ignore[arg-type]
                (rest,),
                source,
                tokens[begin : begin + length],
                tokens,
                lead=tokens[:begin],
                still=still,
            )
    return None


def _phrase_to_comma(tokens: Tokens, begin: int) -> tuple[Tokens, Tokens]:
    """The noun phrase from `begin` to the comma that closes it, and what follows.

    A comma inside a name of several parts ("Badan Meteorologi, Klimatologi, dan Geofisika") does not close it, nor one
    before an apposition ("menurut Peskov, juru bicara Kremlin, ...").
    """
    stops = [i for i in commas(tokens) if i > begin]
    if not stops:
        if begin < len(tokens) and tokens[begin].lower in lexicon().words("cues.pronouns.subject"):
            return tokens[begin : begin + 1], tokens[begin + 1 :]
        return (), ()
    index = 0
    while index + 1 < len(stops):
        between = tokens[stops[index] + 1 : stops[index + 1]]
        listed = between and all(token.is_capital or token.lower in {"dan", "and", "of"} for token in between)
        following = tokens[stops[index + 1] + 1 :]
        joined = following and following[0].lower in {"dan", "and", "&"} and listed
        role = (
            len(between) <= 8
            and between
            and (
                lexicon().match("names.roles.id", between, 0)
                or lexicon().match("names.roles.en", between, 0)
                or between[0].lower in {"who", "yang", "seorang", "a", "an", "the"}
                and lexicon().anywhere("names.roles.en", between) >= 0
            )
        )
        named = (
            listed
            and len(between) <= 4
            and len(following) > 2
            and not joined
            and _closes_apposition(tokens[begin : stops[index]])
        )
        if joined or role or named:
            index += 1
            continue
        break
    close = stops[index]
    rest = tokens[close + 1 :]
    if rest and rest[0].lower in {"dan", "and"} and any(token.text == ")" for token in rest[:6]):
        bracket = next(i for i, token in enumerate(rest) if token.text == ")")
        if bracket + 1 < len(rest) and rest[bracket + 1].text == ",":
            return tokens[begin : close + 1 + bracket + 1], rest[bracket + 2 :]
    return tokens[begin:close], rest


def _closes_apposition(before: Tokens) -> bool:
    """Whether a phrase is a role without a name, so that a name may follow after a comma."""
    return (
        bool(before) and lexicon().match("names.roles.id", before, 0) + lexicon().match("names.roles.en", before, 0) > 0
    )


def _trailing(tokens: Tokens, language: str) -> Frame | None:
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
        content = _strip(tokens[:index])
        if len([t for t in content if t.is_word]) < 2 and not any(t.is_quote for t in content):
            continue
        rest = tokens[index + length :]
        if inherits and not stem:
            source: Tokens = ()
            recipient, more = _recipient(rest)
        else:
            source, rest = _source_phrase(rest)
            if not source:
                continue
            recipient, more = _recipient(rest)
        if according and not _plausible_source(source):
            continue
        contents = [content]
        resumed = _resumed(tokens, index + length)
        if resumed:
            contents.append(resumed)
        shape: Shape = "outlet" if outlet and not stem and not inherits else "according" if according else "trailing"
        added = () if resumed else _more(more, "id")
        cue = tokens[index : index + length]
        return Frame(shape, tuple(contents), source, cue, tokens, recipient=recipient, more=added)
    return None


_CITING = frozenset({"citing", "quoting", "per"})


def _plausible_source(source: Tokens) -> bool:
    """Whether a phrase names someone: "menurut rencana", "menurut hukum" and "citing weak exports" do not."""
    return (
        bool(source)
        and source[0].is_capital
        or any(
            token.is_capital
            or token.lower in lexicon().words("cues.pronouns.person")
            or token.lower in lexicon().words("cues.anonymous")
            or token.lower in lexicon().words("names.roles.id")
            or token.lower in lexicon().words("cues.speech.id_documents")
            or token.lower in lexicon().words("cues.speech.en_documents")
            or token.lower in lexicon().words("names.roles.en")
            or token.lower in {"seorang", "para", "keterangan"}
            for token in source
        )
    )


def _source_phrase(tokens: Tokens) -> tuple[Tokens, Tokens]:
    """The noun phrase with which the tokens begin, and what follows it: a role and a name may be parted by a comma."""
    end = 0
    relative = False
    while end < len(tokens):
        token = tokens[end]
        if token.lower in {"yang", "who", "whose", "which"}:
            relative = True
        if token.is_quote or token.text in ";:—–":
            break
        if token.text == ",":
            following = tokens[end + 1] if end + 1 < len(tokens) else None
            if following is None or not _continues_source(tokens, end):
                break
        briefed = end and tokens[end - 1].lower in {"briefed", "working"}
        if not relative and end and token.lower in _SOURCE_ENDS and not briefed and not _inside_title(tokens, end):
            break
        if token.text == "(" and not (end + 2 < len(tokens) and tokens[end + 2].text == ")"):
            break
        end += 1
    return _strip(tokens[:end]), tokens[end:]


def _continues_source(tokens: Tokens, comma: int) -> bool:
    """Whether what follows a comma still names the source: an apposition or a relative clause."""
    rest = tokens[comma + 1 :]
    if rest[0].lower in {"yang", "who", "whose"}:
        return True
    words = lexicon()
    if rest[0].lower in {"seorang", "a", "an", "the"}:
        return words.anywhere("names.roles.en", rest[:6]) >= 0 or words.anywhere("names.roles.id", rest[:6]) >= 0
    role = words.match("names.roles.id", rest, 0) or words.match("names.roles.en", rest, 0)
    if role:
        return True
    before = tokens[:comma]
    return rest[0].is_capital and rest[0].lower not in _WEEKDAYS and _closes_apposition(before)


def _inside_title(tokens: Tokens, index: int) -> bool:
    """`saksi di persidangan`, `pejabat di Kementerian`, `Menteri dalam negeri`, `Director of ...` belong together."""
    before, token = tokens[index - 1], tokens[index]
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if token.lower == "dalam":
        return following is not None and following.lower == "negeri"
    if token.lower in {"di", "in", "at", "from", "to"} and following is not None:
        unnamed = not any(t.is_capital for t in tokens[:index])
        return (
            unnamed
            and following.lower not in _WEEKDAYS
            and before.is_word
            and token.lower != "to"
            or (token.lower == "to" and before.lower in {"adviser", "advisor", "ambassador", "envoy", "aide", "close"})
        )
    return False


def _recipient(tokens: Tokens) -> tuple[Tokens, Tokens]:
    """`kepada Reuters di Jakarta` gives `Reuters`."""
    for index, token in enumerate(tokens):
        if token.lower in {"kepada", "to"}:
            phrase, rest = _source_phrase(tokens[index + 1 :])
            return phrase, rest
        if token.text in ".!?" or token.is_quote:
            break
    return (), tokens


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
        if length and token.lower != "per" and token.lower != "quoting" or (length and previous.text == ","):
            source, _ = _source_phrase(tokens[index + length :])
            content = _strip(tokens[:index])
            if token.lower in _CITING and not _plausible_source(source):
                continue
            if source and _has_clause(content, "en"):
                return Frame("according", (content,), source, tokens[index : index + length], tokens)
        opens = previous.text in ",—–" or (previous.is_quote and index > 2) or (previous.text in "?!" and index > 2)
        if not opens or token.is_quote:
            continue
        found = _said_then_source(tokens, index) or _source_then_said(tokens, index)
        if not found:
            continue
        source, cue, rest = found
        content = _strip(tokens[:index])
        direct = any(t.is_quote for t in content)
        if not direct and not _has_clause(content, "en"):
            continue
        recipient: Tokens = ()
        if cue[0].lower in _RECEIVED:
            recipient, rest = _source_phrase(rest)
            if not recipient:
                continue
        else:
            recipient, _ = _recipient(rest)
        resumed = _resumed(tokens, tokens.index(cue[-1]) + 1)
        more = _more(tokens[tokens.index(cue[-1]) + 1 :], "en")
        contents = (content, resumed) if resumed and not more else (content,)
        return Frame("trailing", contents, source, cue, tokens, recipient=recipient, more=more)
    return _signed(tokens)


def _signed(tokens: Tokens) -> Frame | None:
    """`"We can build a wall." — Steve Quinlan`: a quotation with its author after a dash."""
    dash = next((i for i in range(len(tokens) - 1, 1, -1) if tokens[i].text in "—–―-"), -1)
    name = tokens[dash + 1 :]
    if dash < 3 or not tokens[dash - 1].is_quote or not 1 <= len(name) <= 6:
        return None
    if not all(token.is_capital or token.text in ",." for token in name):
        return None
    return Frame("trailing", (tokens[:dash],), _strip(name), (tokens[dash],), tokens)


_ADDING_ID = frozenset(
    "menambahkan menegaskan mengatakan menyebut menyatakan menjelaskan mengklaim mengingatkan menyebutkan".split()  # noqa: SIM905
)


def _more(tokens: Tokens, language: str) -> Tokens:
    """What the speaker goes on to say after the attribution: `..., he said, adding that ...`; `seraya menambahkan ...`."""
    for index in range(len(tokens) - 2):
        if tokens[index].is_quote:
            return ()
        if language == "en":
            opens = tokens[index].text == "," and tokens[index + 1].lower in _PARTICIPLES
        else:
            joins = tokens[index].lower in {"seraya", "sambil", "sembari", "dan"}
            opens = joins and tokens[index + 1].lower in _ADDING_ID
        if opens:
            rest = tokens[index + 2 :]
            if rest and rest[0].lower in _THAT:
                rest = rest[1:]
            rest = _strip(rest)
            return rest if _proposition(rest, language) else ()
    return ()


def _has_clause(tokens: Tokens, language: str) -> bool:
    return any(is_verb(token, language, tokens, i) for i, token in enumerate(tokens))


def _said_then_source(tokens: Tokens, index: int) -> tuple[Tokens, Tokens, Tokens] | None:
    """`said Dmitry Peskov, the Kremlin's spokesman`."""
    if tokens[index].lower not in lexicon().words("cues.speech.en") or index + 1 >= len(tokens):
        return None
    following = tokens[index + 1]
    if following.lower in _SOURCE_ENDS | _THAT | _WEEKDAYS or not following.is_word:
        return None
    if following.lower in {"it", "he", "she", "they"}:
        return None
    source, rest = _source_phrase(tokens[index + 1 :])
    if not source or any(is_verb(t, "en", source, i) for i, t in enumerate(_before_relative(source))):
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
            source = _drop_adverbs(_strip(tokens[index:at]))
            before = tokens[at - 1].lower
            if not source or before in _NEGATIONS or not _is_noun_phrase(source, "en"):
                return None
            after = tokens[at + 1 :]
            if after and after[0].lower in _THAT:
                return None
            # Something else than time, place and hearer after the verb is a content of its own.
            direct = tokens[index - 1].is_quote and len(source) <= 8
            if after and after[0].is_word and token.lower not in _RECEIVED and not direct and not _is_adverbial(after):
                continue
            return source, tokens[at : at + 1], after
    return None


def _is_adverbial(tokens: Tokens) -> bool:
    first = tokens[0]
    return (
        first.lower in _SOURCE_ENDS
        or first.lower in _WEEKDAYS
        or first.is_quote
        or first.text in ",.—–("
        or first.lower.endswith("ly")
        or first.lower in {"last", "this", "by", "with", "of", "earlier", "later", "then", "when", "about"}
    )


def _before_relative(tokens: Tokens) -> Tokens:
    for index, token in enumerate(tokens):
        if token.lower in {"yang", "who", "which", "whose", "that", "where"}:
            return tokens[:index]
    return tokens


def _is_noun_phrase(tokens: Tokens, language: str) -> bool:
    """Whether a stretch can be a source: it has a word, and no verb outside its relative clauses."""
    if not any(token.is_word for token in tokens) or len(tokens) > 28:
        return False
    core = _before_relative(tokens)
    if not core or core[0].lower in {"dan", "and", "or", "atau"}:
        return False
    for index, token in enumerate(core):
        if is_verb(token, language, core, index) and not _adjectival(core, index):
            return False
    return True


def _adjectival(tokens: Tokens, index: int) -> bool:
    """`retired general`, `the elected governor`, `petugas berwenang`: a participle beside its noun."""
    word = tokens[index].lower
    if word.endswith("ed") and index + 1 < len(tokens) and tokens[index + 1].is_word:
        return index == 0 or not tokens[index - 1].is_capital or tokens[index - 1].lower in {"the", "a"}
    return word.startswith(("ber", "ter")) and index > 0 and index == len(tokens) - 1 and len(tokens) <= 3


def _drop_adverbs(tokens: Tokens) -> Tokens:
    end = len(tokens)
    while end and (tokens[end - 1].lower in _ADVERBS or tokens[end - 1].lower.endswith("ly") and end > 1):
        end -= 1
    return _strip(tokens[:end])


def _initial(tokens: Tokens, language: str, inherit: bool) -> Frame | None:
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
        if index and tokens[index - 1].lower in _NEGATIONS:
            continue
        lead, source = split_lead(tokens[:index], language)
        source = _drop_adverbs(source)
        if source:
            if not _is_noun_phrase(source, language) or tokens[index - 1].lower in {
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
            inherit and all(t.lower in _ADVERBS or t.lower in {"dan", "and"} or not t.is_word for t in tokens[:index])
        ):
            continue
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


def _colon(tokens: Tokens, language: str) -> Frame | None:
    """`The governor disagreed: "The money ..."`: any verb will do before a colon and a quotation."""
    mask = quoted_mask(tokens)
    for index in range(2, len(tokens) - 3):
        if tokens[index].text != ":" or mask[index] or not tokens[index + 1].is_quote or tokens[index + 1].closing:
            continue
        lead, clause = split_lead(tokens[:index], language)
        verb = next((i for i, t in enumerate(clause) if i and is_verb(t, language, clause, i)), None)
        source = _drop_adverbs(clause[:verb]) if verb else ()
        if verb is None or not source or not _is_noun_phrase(source, language):
            return None
        return Frame("initial", (tokens[index + 1 :],), source, (clause[verb],), tokens, lead=lead)
    return None


def split_lead(tokens: Tokens, language: str) -> tuple[Tokens, Tokens]:
    """The adverbials before a subject, and the subject: `Pada hari-hari awal, | Gubernur Jawa Barat Ridwan Kamil`."""
    cut = 0
    stops = commas(tokens)
    for position, stop in enumerate(stops):
        chunk = tokens[cut:stop]
        if not chunk:
            cut = stop + 1
            continue
        following = tokens[stop + 1 : stops[position + 1]] if position + 1 < len(stops) else tokens[stop + 1 :]
        adverbial = chunk[0].lower in _SUBORDINATORS or lexicon().match("cues.join.connectives", chunk, 0) == len(chunk)
        clause = len(chunk) > 2 and any(
            is_verb(t, language, chunk, i) and not _adjectival(chunk, i) for i, t in enumerate(_before_relative(chunk))
        )
        if (adverbial or clause) and following:
            cut = stop + 1
        else:
            break
    lead, source = tokens[:cut], tokens[cut:]
    # "Sementara Peskov mengatakan", "But Peskov said": the joining word is no part of the source.
    while source and source[0].lower in {
        "sementara",
        "namun",
        "tetapi",
        "dan",
        "sedangkan",
        "but",
        "and",
        "while",
        "yet",
        "so",
    }:
        lead, source = tokens[: len(lead) + 1], source[1:]
    return lead, source


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
    if verb in _RECEIVED:
        recipient, after = _hearer(rest)
        if not recipient:
            return None
        if that is None or that > len(rest) - len(after) + 6:
            content = _strip(after)
            return (content, recipient) if _proposition(content, language) else None
    if that is not None:
        between = rest[:that]
        if not recipient:
            recipient = _recipient(between)[0]
        if rest[that].lower in {"jika", "kalau", "how", "whether", "apakah"}:
            content = rest[that + 1 :] if rest[that].lower in {"jika", "kalau"} else rest[that:]
        else:
            content = rest[that + 1 :]
        content = _strip(content)
        return (content, recipient) if _proposition(content, language) or len(content) >= 2 else None
    opened = next((i for i, token in enumerate(rest[:14]) if token.is_quote), None)
    colon = next((i for i, token in enumerate(rest[:14]) if token.text == ":"), None)
    if colon is not None and (opened is None or colon < opened):
        return _strip(rest[colon + 1 :]), _recipient(rest[:colon])[0]
    if opened is not None and (opened == 0 or rest[opened - 1].text in ",:") and len(rest) - opened > 3:
        return rest[opened:], _recipient(rest[:opened])[0]
    needs = words.words(f"cues.speech.{language}_needs_that")
    if verb in needs and verb not in _RECEIVED and not _own_clause(rest, language):
        return None
    skipped = _skip_adverbial(rest, language)
    content = _strip(rest[skipped:])
    if verb in {"menyebut", "menyebutkan"} and not any(is_verb(t, language, content, i) for i, t in enumerate(content)):
        # "menyebut kemenangan itu sebagai sejarah baru" calls a thing a name and states nothing of its own.
        if any(t.lower in {"sebagai", "dengan"} for t in content):
            return None
    if not recipient:
        recipient = _recipient(rest[:skipped])[0]
    return (content, recipient) if _proposition(content, language) else None


def _own_clause(tokens: Tokens, language: str) -> bool:
    """Whether what follows a verb is plainly a clause: a subject and an auxiliary ("announced it will ...")."""
    if language != "en":
        return False
    for index, token in enumerate(tokens[:5]):
        if token.lower in _FINITE:
            return index > 0 and (tokens[0].lower in _SUBJECT_OPENERS or tokens[0].is_capital)
        if not token.is_word or token.lower in _SOURCE_ENDS:
            return False
    return False


_FINITE = frozenset(
    "is are was were will would has had have can could may might should won't wouldn't isn't wasn't".split()
)  # noqa: SIM905


def _find_that(tokens: Tokens, language: str) -> int | None:
    """Index of the "bahwa" / "that" that opens the content: no verb stands between it and the cue."""
    for index, token in enumerate(tokens[:22]):
        if token.is_quote:
            return None
        if token.lower in _THAT:
            if token.lower == "that" and index and index + 1 < len(tokens) and tokens[index + 1].text in ",.":
                return None
            return index
        noun = index + 1 < len(tokens) and tokens[index + 1].lower == "that" and token.lower in _REPORTS
        if is_verb(token, language, tokens, index) and not _adjectival(tokens, index) and not noun:
            return None
    return None


_REPORTS = frozenset(
    "reports report claims claim allegations rumours rumors suggestions statements fears hopes".split()
)  # noqa: SIM905


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
                return len(tokens) - len(_recipient(tokens)[1]) if _recipient(tokens)[0] else 0
        if tokens[0].text == ",":
            following = commas(tokens)
            return following[1] + 1 if len(following) > 1 and following[1] <= 10 else 1
        return 0
    if tokens[0].lower in _WEEKDAYS:
        return 1
    if tokens[0].lower in {"on", "in", "at", "late", "early", "during", "via", "through", "last", "this"}:
        stop = next((i for i in commas(tokens)), None)
        if stop is not None and stop <= 8:
            return stop + 1
        if tokens[0].lower in {"on", "late", "early"} and len(tokens) > 2 and tokens[1].lower in _WEEKDAYS:
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


def _proposition(tokens: Tokens, language: str) -> bool:
    """Whether a stretch states something: it has a verb, or a number, or begins a quotation."""
    words = [token for token in tokens if token.is_word]
    if len(words) < 2:
        return False
    if tokens[0].is_quote and len(words) >= 3:
        return True
    if language == "en" and tokens[0].lower in {"to", "for", "of", "about", "with", "against", "on", "by", "in", "at"}:
        return False
    if language == "id" and tokens[0].lower in {"soal", "tentang", "mengenai", "terkait", "hal", "kepada", "untuk"}:
        return False
    if any(is_verb(t, language, tokens, i) for i, t in enumerate(tokens)):
        return True
    if language == "en":
        # "favors", "knows": the list of verbs has gaps, but a subject of its own begins a clause.
        return len(words) >= 4 and (tokens[0].is_capital or tokens[0].lower in _SUBJECT_OPENERS)
    return any(t.is_number for t in tokens) or len(words) >= 4


_SUBJECT_OPENERS = frozenset(
    "the a an this these those it he she they we i you his her its their our my many most some all".split()
)  # noqa: SIM905


def _document(tokens: Tokens, language: str) -> Frame | None:
    """`Data BPS menunjukkan ...`, `Laporan yang diterima BNPB mencatat ...`, `A study by X found that ...`."""
    words = lexicon()
    lead, rest = split_lead(tokens, language) if len(commas(tokens)) else ((), tokens)
    del lead
    if not rest:
        return None
    documents = words.words(f"cues.speech.{language}_documents")
    verbs = words.words(f"cues.speech.{language}_document_verbs")
    head = next((i for i, token in enumerate(rest[:6]) if token.lower in documents), None)
    if head is None or any(is_verb(t, language, rest, i) for i, t in enumerate(rest[:head])):
        return None
    for index in range(head + 1, min(len(rest) - 1, 24)):
        if rest[index].lower not in verbs or (index and rest[index - 1].lower in _NEGATIONS | {"yang"}):
            continue
        subject = rest[:index]
        source = _owner(subject, head)
        if not source:
            return None
        return Frame("document", (_trim_comma(rest),), source, rest[index : index + 1], rest)
    return None


_FIGURES_ID = frozenset("melaporkan mencatat mengumumkan mendata menghitung membukukan".split())  # noqa: SIM905
_FIGURES_EN = frozenset("reported reports recorded counted posted registered".split())  # noqa: SIM905


def _reporting(tokens: Tokens, language: str) -> Frame | None:
    """`BPS melaporkan inflasi tahunan sebesar 2,51 persen`: a body that gives a figure answers for it."""
    lead, rest = split_lead(tokens, language)
    verbs = _FIGURES_ID if language == "id" else _FIGURES_EN
    for index in range(1, min(len(rest) - 2, 16)):
        token = rest[index]
        if token.lower not in verbs:
            if is_verb(token, language, rest, index):
                return None
            continue
        source = _drop_adverbs(rest[:index])
        body = any(t.is_acronym or t.lower in lexicon().words("names.organisations.words") for t in source)
        if not source or not body or not _is_noun_phrase(source, language):
            return None
        if rest[index - 1].lower in _NEGATIONS | {"yang"} or not any(t.is_number for t in rest[index + 1 :]):
            return None
        return Frame("document", (_strip(tokens),), source, (token,), tokens, lead=lead)
    return None


_DENYING = frozenset("membantah menyangkal menepis menampik denied denies".split())  # noqa: SIM905


def _denial(tokens: Tokens, language: str, inherit: bool) -> Frame | None:
    """`Jaksa membantah adanya bukti baru`: who denies a thing answers for the denial, which is quoted whole."""
    lead, rest = split_lead(tokens, language)
    for index in range(0 if inherit else 1, min(len(rest) - 1, 20)):
        token = rest[index]
        if token.lower not in _DENYING:
            if is_verb(token, language, rest, index):
                return None
            continue
        source = _drop_adverbs(rest[:index])
        if source and not _is_noun_phrase(source, language):
            return None
        if index and rest[index - 1].lower in _NEGATIONS | {"yang", "who"}:
            return None
        return Frame("document", (_strip(tokens),), source, (token,), tokens, lead=lead)
    return None


def _trim_comma(tokens: Tokens) -> Tokens:
    return _strip(tokens)


def _owner(subject: Tokens, head: int) -> Tokens:
    """Whose document it is: the first name in the phrase, from its first capital to its last."""
    after = [i for i in range(len(subject)) if i != head and subject[i].is_capital and (i > 0 or head != 0)]
    after = [i for i in after if i > head] or [i for i in after if i < head]
    if not after:
        return ()
    first = last = after[0]
    while last + 1 < len(subject) and (
        subject[last + 1].is_capital
        or (
            subject[last + 1].lower in {"dan", "of", "and", "for", "the", "&"}
            and last + 2 < len(subject)
            and subject[last + 2].is_capital
        )
        or (subject[last + 1].text in "()" and last + 2 <= len(subject))
        or (subject[last + 1].text == "," and last + 2 < len(subject) and subject[last + 2].is_capital)
    ):
        last += 1
    return _strip(subject[first : last + 1])


_PARTICIPLES = frozenset(
    """
    saying adding claiming arguing noting insisting stating warning alleging explaining stressing declaring asserting
    """.split()  # noqa: SIM905
)


def _participle(tokens: Tokens, language: str) -> Frame | None:
    """`The government turned down the offer, saying it lacked fairness`: the subject answers for both."""
    if language != "en":
        return None
    for stop in commas(tokens):
        if stop + 2 < len(tokens) and tokens[stop + 1].lower in _PARTICIPLES:
            _, clause = split_lead(tokens[:stop], language)
            verb = next((i for i, t in enumerate(clause) if is_verb(t, language, clause, i)), None)
            if verb is None or verb == 0:
                return None
            source = _drop_adverbs(clause[:verb])
            if source and _is_noun_phrase(source, language):
                return Frame("participle", (tokens,), source, tokens[stop + 1 : stop + 2], tokens)
    return None
