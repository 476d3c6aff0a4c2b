"""Which language a text is in, as far as Saring needs to know: Indonesian, English, or another.

By function words, so it is offline, instant, and certain only where a text has some; anything else answers "".
"""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORDS = {
    "id": _words(
        """
        yang dan di ke dari untuk pada dengan adalah itu ini akan tidak telah sudah oleh dalam juga bahwa para
        sebagai ada bisa karena kepada mengatakan tersebut saat seorang secara menjadi antara tahun lebih atau
        belum masih harus dapat hingga setelah serta namun mereka kami kita saya ia dia warga sejumlah usai
        soal agar terhadap bukan lagi hari jadi kata ungkap menurut sementara ketika tentang tanpa sejak
        seperti hanya pun ujar
        """
    ),
    "en": _words(
        """
        the and of to in is was were for on with that by at from has have had will be it its this as are an he
        she they his her their said says not but or which who would been after about than more there when into
        over also i you we what how why if can could should did does do just out up says amid
        """
    ),
}
# Words that the lists above share with neighbours of Indonesian and English, and that only those have: a text that is
# full of them is Malay, Dutch, German, French, Spanish, Portuguese or Italian.
_OTHERS = _words(
    """
    het een van niet voor zijn met ook der und ist nicht den das mit auf les des une est dans pour que qui
    sur los las una por para del não uma com dos il che non per gli della kerajaan ialah bagi beliau
    mengikut
    """
)
_INDONESIAN_SHAPE = re.compile(r"(?:\w{3,}nya|(?:me[mn]|meng|peng|ber|ter)\w{4,}|ke\w{4,}an|di\w{4,}(?:kan|i))$")
_LONG = 40  # words; from here on a text has function words, or is in another language


def function_words(language: str) -> frozenset[str]:
    """Return the commonest words of `id` or `en` that carry no topic; an empty set for another language."""
    return _WORDS.get(language, frozenset())


def detect_language(text: str) -> str:
    """Return `id` or `en`, or "" where a text is too short to tell or in another language.

    Args:
        text: Any text; the first 20,000 characters are read.
    """
    words = re.findall(r"[^\W\d_]+", text[:20_000].casefold())
    if not words:
        return ""
    counts = {code: float(sum(word in listed for word in words)) for code, listed in _WORDS.items()}
    counts["id"] += 0.5 * sum(bool(_INDONESIAN_SHAPE.match(word)) for word in words)
    others = sum(word in _OTHERS for word in words)
    best = max(counts, key=lambda code: counts[code])
    rest = max(others, min(counts.values()))
    # Function words make up some 40 % of English and 25 % of Indonesian news; a tenth is a safe floor for a long text.
    least = 0.1 * len(words) if len(words) >= _LONG else 1.0
    return best if counts[best] >= least and counts[best] > 1.3 * rest else ""
