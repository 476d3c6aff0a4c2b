"""Text from outside, made safe to show to a machine: what is hidden is taken out, what gives orders is named.

Nothing here makes an attack impossible; it takes away what only a machine would see and tells the reader that a
source speaks to the machine. What holds is elsewhere: one source per request, labels decided by code, quotes checked
to the letter. Offsets are kept, so that a quote of the cleaned text is found in the text as it was published.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from checker.notes import note
from retrieval.types import Source

_TAGS_START, _TAGS_END = 0xE0000, 0xE007F
# Characters without a glyph. The directional ones are kept apart from text that is honestly right-to-left by taking
# out only overrides, embeddings and isolates, which no sentence of Indonesian or English needs.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
)
# A flag of a region is a black flag, the tag letters of its code and a cancel tag; these are seen.
_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0079]{1,8}\U000e007f")
_MARKUP = re.compile(r"<!--.*?-->|<(script|style|template|noscript)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_HIDDEN_ELEMENT = re.compile(
    r"<(?P<tag>[a-z][a-z0-9]*)\b[^>]*(?:style\s*=\s*[\"'][^\"']*"
    r"(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0(?![.\d]*[1-9])|"
    r"text-indent\s*:\s*-\d{3,}|left\s*:\s*-\d{3,}|(?:max-)?(?:height|width)\s*:\s*0|"
    r"color\s*:\s*(?:white|#fff(?:fff)?|transparent))"
    r"[^\"']*[\"']|\bhidden\b|aria-hidden\s*=\s*[\"']true[\"'])[^>]*>.*?</(?P=tag)\s*>",
    re.IGNORECASE | re.DOTALL,
)

# Who is spoken to: the machine, not the public. Each pattern needs an addressee or an object that only a reading
# machine has (its instructions, its output, this very labelling), so that news about orders is not taken for one.
_MACHINE = (
    r"(?:ai|llm|language model|chat ?bot|gpt|claude|gemini|assistant|fact[- ]?check(?:er|ing)|model|judge|evaluator|"
    r"verifier)"
)
_MACHINE_ID = r"(?:ai|llm|model bahasa|kecerdasan buatan|chat ?bot|asisten|pemeriksa fakta|penilai|sistem)"
_EARLIER = r"(?:all|any|every|your|previous|prior|earlier|preceding|above|foregoing|these|those|system|original)"
_EARLIER_ID = r"(?:semua|seluruh|segala|sebelumnya|terdahulu|di atas|tadi|anda|kamu|sistem|awal)"
_LABELS = r"(?:supports?|supported|refutes?|refuted|unsupported|neutral|needs[_ ]source)"
_LABELS_ID = r"(?:didukung|mendukung|terbukti|terbantah|tidak didukung|membantah|perlu sumber|benar|salah)"
# An order starts a clause or follows a word that makes one of it.
_IMPERATIVE = r"(?:^|[.!?:;,\n\"'“(>*-]\s*|\b(?:please|must|should|always|now|then|and|you|to|just|simply)\s+)"
_IMPERATIVE_ID = r"(?:^|[.!?:;,\n\"'“(>*]\s*|\b(?:tolong|harap|mohon|harus|wajib|selalu|lalu|dan|cukup|segera)\s+)"
_ABOUT = r"(?=[^.!?\n]{0,80}\b(?:claims?|statements?|stances?|verdicts?|labels?|json|everything)\b)"
_ABOUT_ID = r"(?=[^.!?\n]{0,80}\b(?:klaim|pernyataan|label|putusan|json|semuanya)\b)"

# "Ignore (all) previous instructions" in the languages such texts are found in; either order of noun and adjective.
_DROP_ABROAD = (
    # Malay
    r"\b(?:abaikan|lupakan)\W+(?:\w+\W+){0,3}?arahan\W+(?:\w+\W+){0,2}?(?:terdahulu|sebelum ini|di atas)\b",
    # Spanish, Portuguese, French, Italian
    r"\b(?:ignor(?:a|e|en|ad|ez|er|ate)|olvid(?:a|e)|descart(?:a|e)|oubli(?:e|ez)|esque[cç]a|dimentica)\W+(?:\w+\W+){0,3}?"
    r"(?:instrucciones|instru[cç][oõ]es|instructions|istruzioni|[oó]rdenes|ordens|consignes|indicaciones)\W+"
    r"(?:\w+\W+){0,2}?(?:anterior\w*|previ\w+|pr[eé]c[eé]dent\w*|ant[eé]rieur\w*|precedent\w*|ci-dessus)",
    # German, Dutch
    r"\b(?:ignorier\w*|vergiss|vergessen sie|missachte\w*|negeer|vergeet)\W+(?:\w+\W+){0,2}?"
    r"(?:vorherig\w*|vorig\w*|bisherig\w*|obig\w*|fr[uü]her\w*|voorgaande|vorige|eerdere)\W+(?:\w+\W+){0,2}?"
    r"(?:anweisungen|instruktionen|befehle|instructies|opdrachten|aanwijzingen)",
    # Russian
    r"(?:игнориру\w+|забуд\w+|проигнорируй\w*|не обращай\w* внимания на)\W+(?:\w+\W+){0,2}?"
    r"(?:предыдущ\w+|прежн\w+|прошл\w+)\W+(?:\w+\W+){0,2}?(?:инструкци\w+|указани\w+|команд\w*)",
    # Chinese, Japanese
    r"(?:忽略|无视|忘记|忽視|無視)[^。\n]{0,8}(?:之前|以前|先前|以上|上面|前面|以前の|上記)[^。\n]{0,8}(?:指令|指示|命令|说明|提示)",
    r"(?:以前|上記|これまで|前)の(?:すべての)?(?:指示|命令)[^。\n]{0,4}(?:無視|忘れ)",
    # Arabic
    r"(?:تجاهل|انس)\W+(?:\w+\W+){0,2}?(?:التعليمات|الأوامر|الإرشادات)\W+(?:\w+\W+){0,1}?(?:السابقة|أعلاه)",
)

_ADDRESS: tuple[tuple[str, str], ...] = (
    (
        "tells the reader to drop its instructions",
        rf"\b(?:ignore|disregard|forget|override|bypass)\W+(?:\w+\W+){{0,3}}?{_EARLIER}\W+(?:\w+\W+){{0,3}}?"
        r"(?:instruction|prompt|message)s?\b",
    ),
    (
        # People disregard rules and guidelines too: here the sentence must give an order.
        "tells the reader to drop its instructions",
        rf"{_IMPERATIVE}(?:ignore|disregard|forget|override|bypass)\W+(?:\w+\W+){{0,3}}?{_EARLIER}\W+"
        r"(?:\w+\W+){0,3}?(?:rule|guideline|direction)s?\b",
    ),
    (
        "tells the reader to drop its instructions",
        r"\b(?:abaikan|lupakan|kesampingkan|jangan (?:ikuti|hiraukan))\W+(?:\w+\W+){0,3}?"
        r"(?:instruksi|perintah|aturan|petunjuk|prompt|arahan)\W+"
        rf"(?:\w+\W+){{0,2}}?{_EARLIER_ID}\b",
    ),
    (
        "tells the reader to drop its instructions",
        r"\b(?:abaikan|lupakan|kesampingkan|jangan (?:ikuti|hiraukan))\W+(?:semua|seluruh|segala)\W+(?:\w+\W+){0,2}?"
        r"(?:instruksi|perintah|petunjuk|prompt|arahan)\b",
    ),
    *(("tells the reader to drop its instructions", pattern) for pattern in _DROP_ABROAD),
    (
        "addresses a language model",
        r"\b(?:dear|attention|note to|message (?:to|for)|hey|hello)\W+(?:an?\W+|the\W+|all\W+|any\W+)?(?:\w+\W+)?"
        rf"{_MACHINE}s?\b\W*(?:model|system|assistant|checker)?s?\W*[:,]",
    ),
    (
        "addresses a language model",
        r"(?:^|[.!?\n]\s*)\b(?:kepada|untuk|perhatian|pesan (?:kepada|untuk|bagi)|halo|wahai|hai)\W+(?:para\W+)?"
        rf"{_MACHINE_ID}\b\W*(?:\w+\W*)?[:,]",
    ),
    (
        "addresses a language model",
        r"\b(?:you are|you're|act as|pretend to be|respond as|kamu adalah|anda adalah|bertindaklah sebagai|"
        r"berperanlah sebagai)\W+(?:now\W+|sekarang\W+)?(?:an?\W+|the\W+|sebuah\W+|seorang\W+)?(?:\w+\W+){0,2}?"
        rf"(?:{_MACHINE}|{_MACHINE_ID}|dan)\b",
    ),
    (
        "dictates a label",
        rf"{_IMPERATIVE}(?:mark|label|classify|rate|score|judge|treat|output|return|answer|respond|reply|report|set|"
        rf"consider|declare)\b{_ABOUT}[^.!?\n]{{0,80}}?[\"'“`:= ]{_LABELS}\b",
    ),
    (
        "dictates a label",
        rf"{_IMPERATIVE_ID}(?:tandai|labeli|beri(?:kan)? label|nilai(?:lah)?|anggap(?:lah)?|nyatakan(?:lah)?|"
        r"jawab(?:lah)?|balas(?:lah)?|keluarkan|tetapkan|kembalikan|tulis(?:kan)?)\b"
        rf"{_ABOUT_ID}[^.!?\n]{{0,80}}?[\"'“`:= ](?:{_LABELS}|{_LABELS_ID})\b",
    ),
    (
        "carries a ready-made reply",
        r"[\"'](?:stance|stances|verdict|label|probability|claim_id|supports|refutes)[\"']\s*:\s*[\"'\[{\d]",
    ),
    (
        "imitates a prompt's frame",
        r"<\|?(?:im_start|im_end|system|assistant|user|endoftext|eot_id|start_header_id)\|?>|\[/?(?:INST|SYS)\]|"
        r"<</?SYS>>|(?:^|\n)\s*#{0,3}\s*(?:system|assistant|developer)\s*(?:prompt|message)?\s*:\s|"
        r"\b(?:end of|begin(?:ning)? of|akhir|awal)\W+(?:the\W+)?(?:source|document|data|evidence|sumber|dokumen|bukti)"
        r"\W+(?:data\W+)?(?:new|real|now|instructions?|baru|sekarang|instruksi)\b",
    ),
    (
        "speaks of the prompt",
        r"\b(?:system prompt|developer message|"
        r"your (?:instructions|prompt|guidelines|previous (?:instructions|messages))|"
        r"(?:new|updated|following|real) instructions?\W+(?:for|to)\W+(?:the\W+)?(?:ai|model|assistant|you)|"
        r"prompt sistem|instruksi (?:baru|sistem) (?:untuk|bagi) (?:model|ai|asisten|anda|kamu)|"
        r"instruksi anda sebelumnya)\b",
    ),
)


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in a text from outside.

    Attributes:
        clean: The text a machine may be shown.
        offsets: `offsets[i]` is where `clean[i]` stands in the text as it came; one more entry for the end.
        hidden: Something was taken out that a person reading the page would not see.
        orders: What in the text, hidden or not, speaks to the machine; empty for honest text.
    """

    clean: str
    offsets: tuple[int, ...]
    hidden: bool
    orders: tuple[str, ...]

    @property
    def flagged(self) -> bool:
        """Whether the text speaks to the machine that reads it."""
        return bool(self.orders)


def inspect(text: str) -> Inspection:
    """Look for hidden text and for orders to the machine.

    Args:
        text: As it came from outside.

    Returns:
        The cleaned text with its offsets, and what was found. Honest text comes back unchanged and unflagged.
    """
    spans = sorted(_hidden_spans(text))
    kept: list[str] = []
    offsets: list[int] = []
    taken: list[str] = []
    position = 0
    for start, end in spans:
        if end <= position:
            continue
        start = max(start, position)
        kept.append(text[position:start])
        offsets.extend(range(position, start))
        taken.append(text[start:end])
        position = end
    kept.append(text[position:])
    offsets.extend(range(position, len(text) + 1))
    clean = "".join(kept)
    secret = "".join(_readable(part) for part in taken).strip()
    orders = list(_orders(clean))
    if secret:
        orders += [f"{order}, in hidden text" for order in _orders(secret)]
    if any(any(_TAGS_START < ord(char) <= _TAGS_END for char in part) for part in taken):
        # Unicode tag characters spell out ASCII that no reader can see; outside of flag emoji they have no other use.
        orders.append("spells something out in invisible tag characters")
    return Inspection(clean, tuple(offsets), bool(secret), tuple(dict.fromkeys(orders)))


def remarks(source: Source, inspection: Inspection) -> tuple[str, ...]:
    """What the reader is told of a source: that it speaks to the machine, that it holds text that nobody sees.

    Args:
        source: Where the text is from. A page's hidden text may have been taken out when it was read; then the source
            says so in `extra["hidden_text"]`.
        inspection: Of its text.
    """
    hidden = inspection.hidden or bool(source.extra.get("hidden_text"))
    return (*(note("order", order=order) for order in inspection.orders), *((note("hidden"),) if hidden else ()))


def remarks_on_article(text: str) -> tuple[str, ...]:
    """What the reader is told of the article itself, for it comes from outside as its sources do."""
    inspection = inspect(text)
    hidden = (note("article_hidden"),) if inspection.hidden else ()
    return (*(note("article_order", order=order) for order in inspection.orders), *hidden)


def original_span(inspection: Inspection, start: int, end: int) -> tuple[int, int]:
    """Where a span of the cleaned text stands in the text as it came (end exclusive)."""
    if end <= start:
        where = inspection.offsets[min(start, len(inspection.offsets) - 1)]
        return where, where
    return inspection.offsets[start], inspection.offsets[end - 1] + 1


def find_quote(inspection: Inspection, quote: str) -> tuple[int, int] | None:
    """Find a quote in a text, to the letter but for white space and the shape of quotation marks and dashes.

    Returns:
        Its span in the text as it came, or None where it does not stand there.
    """
    words = quote.split()
    if not words:
        return None
    pattern = r"\s+".join(_letters(word) for word in words)
    found = re.search(pattern, inspection.clean)
    return original_span(inspection, *found.span()) if found else None


_ALIKE: Sequence[str] = ('"“”„‟«»', "'‘’‚‛`´", "-‐‑‒–—−")


def _letters(word: str) -> str:
    out = []
    for char in word:
        group = next((chars for chars in _ALIKE if char in chars), None)
        out.append(f"[{re.escape(group)}]" if group else re.escape(char))
    return "".join(out)


def _hidden_spans(text: str) -> Iterator[tuple[int, int]]:
    flags = [found.span() for found in _FLAG.finditer(text)]
    for found in _INVISIBLE.finditer(text):
        if not any(start <= found.start() < end for start, end in flags):
            yield found.span()
    if "<" in text:
        for pattern in (_MARKUP, _HIDDEN_ELEMENT):
            for found in pattern.finditer(text):
                yield found.span()


def _readable(part: str) -> str:
    """What a hidden part would say if it were seen; nothing for lone invisible characters."""
    shown = []
    for char in part:
        code = ord(char)
        if _TAGS_START < code <= _TAGS_END:
            shown.append(chr(code - _TAGS_START))
        elif not _INVISIBLE.match(char):
            shown.append(char)
    return "".join(shown)


@lru_cache(maxsize=1)
def _compiled() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in _ADDRESS)


def _orders(text: str) -> Iterator[str]:
    """Names of what speaks to the machine, in text as written and as disguised."""
    variants = {text}
    folded = unicodedata.normalize("NFKC", html.unescape(text))
    variants.add(folded)
    variants.add(folded.translate(_CONFUSABLE))
    # Letters set apart by spaces, dots or dashes ("i g n o r e") read as words to a model.
    joined = re.sub(r"(?<!\w)\w(?:[ .\-_*]\w)+(?!\w)", lambda found: re.sub(r"[ .\-_*]", "", found[0]), folded)
    variants |= {" ".join(folded.split()), " ".join(joined.split())}
    for name, pattern in _compiled():
        if any(pattern.search(variant) for variant in variants):
            yield name


# Cyrillic and Greek letters that look like Latin ones, as used to slip words past a filter.
_CONFUSABLE = str.maketrans(
    "аеорсухіјѕԁһӏпМАВЕКНОРСТХІЅαβεικνορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijsdhlnMABEKHOPCTXISabeiknoptuxABEZHIKMNOPTYX",
)
