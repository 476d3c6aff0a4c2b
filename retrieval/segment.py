"""Text to sentences, offsets kept: Indonesian and English, without a model.

The splitter reads both languages with one set of rules, because the articles and the evidence mix them ("kata Dr. Smith
di U.S. Senate pukul 13.21 WIB"). Offsets count code points of the text as given; nothing is normalised.
"""

from __future__ import annotations

import re
from itertools import pairwise

LINE_BREAK = re.compile(r"\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
"""Every line break that news text is met with; a CRLF pair is one."""

CLOSERS = "\"'”’»›)]}」』*_"
OPENERS = "\"'“‘«‹([{「『¿¡*_"

_TERMINAL = re.compile(rf"(?:[.!?…]+|[。！？]+)[{re.escape(CLOSERS)}]*(?=\s|$)|[。！？]+[{re.escape(CLOSERS)}]*")
_WORD_BEFORE = re.compile(r"[^\s(\[{\"“‘'«/—–]+$")
_NEXT_WORD = re.compile(rf"[{re.escape(OPENERS)}\s]*([^\s,;:.!?…\"”’)\]]+)")
_DOTTED_ACRONYM = re.compile(r"(?:[^\W\d_]\.){2,}$")
_INITIAL = re.compile(r"[^\W\d_]\.$")
_LIST_NUMBER = re.compile(r"(?:\d{1,3}|[a-zA-Z])\.$")
_CAMEL_BRAND = re.compile(r"[a-z]{1,2}[A-Z]")
_SPEAKER_AFTER = re.compile(
    r"\s+(?:[A-Z][\w.'’-]*\s+){1,5}(?:said|says|asked|wrote|told|added|replied|tweeted|kata|ujar|tanya)\b"
)


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Followed by a name or a number, so never the end of a sentence.
_NEVER_FINAL = _words(
    """
    dr drs dra prof ir h hj kh tn ny sdr sdri jl jln gg no nr mr mrs ms mx messrs st sen rep gov lt col capt cpt sgt maj
    gen adm cmdr cpl pvt rev hon pres supt atty dist brig kol letkol mayjen brigjen letjen irjen kompol ipda iptu akbp
    kombes kab kec kel prov vs v cf ca e.g i.e eg ie viz approx al a.n u.b u.p d.a a.l s.d tgl tlp telp hlm vol fig figs
    art ps psl pp ch sec ed eds mt ft op ust ustaz yth rt rw assoc asst
    """
)
# Often followed by more of the sentence, and just as often its end: the next word decides.
_MAYBE_FINAL = _words(
    """
    inc ltd co corp llc plc tbk jr sr esq ph.d phd m.d md m.si m.sc m.hum s.h m.h s.e s.sos s.ip s.t m.m m.t s.pd m.pd
    s.ked s.kom a.m p.m am pm u.s u.k u.n e.u d.c u.s.a p.t c.v pt cv
    jan feb febr mar apr jun jul aug agu agt sep sept oct okt nov dec des mon tue tues wed thu thur thurs fri sat sun
    etc bros dept univ est govt assn min max avg ave blvd rd bldg
    """
)
# Words that open a sentence far more often than they follow an abbreviation inside one.
_STARTERS = _words(
    """
    the a an this that these those he she it they we i you his her its their our my but and or so yet if when while
    after before since because although though as at in on by for from with without under over during until among
    there here what who why how where which no not however meanwhile moreover also still now then earlier later last
    some many most all both each one two three more other another according despite
    ia dia mereka kami kita saya aku anda ini itu hal para sang si di ke dari pada dalam untuk dengan oleh tanpa sejak
    setelah sebelum sesudah saat ketika selama sementara sedangkan namun tetapi tapi akan adapun sebab karena jika bila
    apabila meski meskipun walau walaupun selain sejumlah sebanyak seorang sebuah seluruh semua banyak beberapa
    menurut kata juga lalu kemudian akhirnya kini sebelumnya selanjutnya bahkan padahal sehingga agar bukan tidak belum
    sudah telah ada adalah seperti berdasarkan hingga sampai terkait
    """
)


def split_sentences(text: str) -> list[tuple[int, int]]:
    """The sentences of a text.

    A line break ends a sentence unless the paragraph is visibly hard-wrapped. Quotations of several sentences are
    split inside. Headlines and other lines without a full stop are sentences too.

    Args:
        text: Indonesian or English, any length; line breaks of any kind.

    Returns:
        `(start, end)` in code points, in order, never overlapping, without surrounding white space. Every character of
        the text that is not white space lies in exactly one of them.
    """
    spans: list[tuple[int, int]] = []
    for block_start, block_end in _blocks(text):
        spans.extend(_split_block(text, block_start, block_end))
    return spans


def _lines(text: str) -> list[tuple[int, int]]:
    """The lines of a text, without their breaks."""
    lines = []
    start = 0
    for match in LINE_BREAK.finditer(text):
        lines.append((start, match.start()))
        start = match.end()
    lines.append((start, len(text)))
    return lines


def _blocks(text: str) -> list[tuple[int, int]]:
    """The stretches that are split on their own: a line, or a hard-wrapped paragraph."""
    blocks: list[tuple[int, int]] = []
    paragraph: list[tuple[int, int]] = []
    for start, end in [*_lines(text), (len(text), len(text))]:
        if text[start:end].strip():
            paragraph.append((start, end))
            continue
        if _is_wrapped(text, paragraph):
            blocks.append((paragraph[0][0], paragraph[-1][1]))
        else:
            blocks.extend(paragraph)
        paragraph = []
    return blocks


def _is_wrapped(text: str, lines: list[tuple[int, int]]) -> bool:
    """Whether these neighbouring lines are one paragraph broken at a fixed width.

    A greedy wrapper leaves no line to which the next line's first word could have been added; and prose that was
    wrapped continues somewhere with a lower-case word.
    """
    if len(lines) < 2:
        return False
    texts = [text[start:end].strip() for start, end in lines]
    width = max(map(len, texts))
    if not 40 <= width <= 120:
        return False
    continued = 0
    for line, following in pairwise(texts):
        if len(line) + 1 + len(following.split(None, 1)[0]) <= width:
            return False
        continued += following[0].islower() and line[-1] not in ".!?…:"
    return continued > 0


def _split_block(text: str, start: int, end: int) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    begin = start
    for match in _TERMINAL.finditer(text, start, end):
        if match.end() < end and _ends_sentence(text, begin, match, end):
            _append(spans, text, begin, match.end())
            begin = match.end()
    _append(spans, text, begin, end)
    return spans


def _append(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    stripped = piece.strip()
    if stripped:
        offset = start + len(piece) - len(piece.lstrip())
        spans.append((offset, offset + len(stripped)))


def _ends_sentence(text: str, begin: int, match: re.Match[str], end: int) -> bool:
    """Whether the terminal punctuation matched is the end of the sentence that began at `begin`."""
    mark = match.group()
    following = _NEXT_WORD.match(text, match.end(), min(end, match.end() + 80))
    if following is None:
        # Only closing marks or punctuation follow: keep them with this sentence.
        return False
    word = following.group(1)
    opened = text[match.end() : following.start(1)].strip(" \t*_")
    if word[0].islower() and not _CAMEL_BRAND.match(word):
        # "Perang?" kata Peskov; dll. yang ...; an ellipsis inside a sentence.
        return False
    if mark[0] in "!?" and mark[-1] in CLOSERS and _SPEAKER_AFTER.match(text, match.end(), min(end, match.end() + 120)):
        return False
    if mark[0] == "." and not mark.startswith(".."):
        return _full_stop_ends(text, begin, match.start(), word, bool(opened), closed=len(mark) > 1)
    return True


def _full_stop_ends(text: str, begin: int, dot: int, word: str, opened: bool, *, closed: bool) -> bool:
    before = _WORD_BEFORE.search(text, max(begin, dot - 40), dot)
    token = before.group() if before else ""
    if not token:
        return dot > begin
    dotted = f"{token}."
    lowered = token.lower().lstrip("(“\"'‘")
    starter = word.lower() in _STARTERS
    at_start = not text[begin : dot - len(token)].strip(OPENERS + " \t")
    if at_start and _LIST_NUMBER.fullmatch(dotted):
        return False
    if closed:
        # `kata Dr.)` does not occur; a closing quotation mark or bracket after the stop closes the sentence.
        return True
    if lowered in _NEVER_FINAL:
        # "no." is also an English word and "al." may end "et al.": a starter decides for those two.
        return lowered in {"no", "al"} and starter and not word[0].isdigit()
    if lowered in _MAYBE_FINAL or _DOTTED_ACRONYM.fullmatch(dotted):
        return starter or opened
    if _INITIAL.fullmatch(dotted) and token.isupper():
        # "Donald J. Trump"; but "Vitamin C. Ia ..." ends.
        return starter and word.lower() not in {"a", "i"}
    return True
