"""Cue words of both languages, for every step that reads them: who speaks, what is denied, what points which way.

A neutral module, so that steps need not import each other. Words are lower case; Indonesian passive and active forms
listed as they are written, since a stemmer would join forms that mean opposite things (`menolak`, `ditolak` are told
apart by who stands where, not by the cue).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

Language = Literal["id", "en"]

SPEECH_ID: frozenset[str] = frozenset(
    """
    kata berkata mengatakan dikatakan katanya ujar ujarnya tutur tuturnya ucap ucapnya sebut sebutnya menyebut
    menyebutkan disebutkan menyatakan dinyatakan mengaku mengakui diakui menegaskan ditegaskan tegas tegasnya
    menjelaskan dijelaskan jelas jelasnya mengungkapkan diungkapkan mengungkap ungkap ungkapnya menerangkan terang
    terangnya menambahkan ditambahkan tambah tambahnya imbuh imbuhnya menuturkan dituturkan menyampaikan disampaikan
    melaporkan dilaporkan memaparkan papar paparnya membeberkan beber mengklaim klaim mengumumkan diumumkan memastikan
    dipastikan membantah dibantah bantah menyangkal menampik menepis membenarkan mengonfirmasi mengkonfirmasi menuding
    menuduh mengeklaim menilai berpendapat berharap memprediksi memperkirakan mengingatkan memperingatkan menyerukan
    menjawab bercerita menceritakan menulis pungkas pungkasnya sambung lanjut lanjutnya cetus menyoroti mengkritik
    """.split()
)
"""Verbs of saying, as they stand in Indonesian news."""

SPEECH_EN: frozenset[str] = frozenset(
    """
    said says say saying told tells stated states declared announced announces added adds explained explains confirmed
    confirms denied denies claimed claims alleged insisted noted notes warned warns argued argues reported reports
    revealed reveals acknowledged admitted admits recalled wrote writes testified asserted maintained remarked stressed
    reiterated emphasised emphasized commented replied disclosed suggested predicted estimated urged
    """.split()
)
"""Verbs of saying, as they stand in English news."""

ACCORDING: tuple[str, ...] = (
    "menurut", "dilansir dari", "dilansir", "mengutip", "dikutip dari", "berdasarkan keterangan", "according to",
    "in the words of", "per", "as reported by", "diberitakan", "seperti dilaporkan", "kepada wartawan menurut",
)  # fmt: skip
"""What stands before a source in place of a verb of saying."""

DENIALS: frozenset[str] = frozenset(
    """
    membantah dibantah bantah menyangkal disangkal menampik menepis menolak mengingkari deny denies denied denying
    rejected rejects refuted refutes dismissed dismisses disputes disputed
    """.split()
)
"""Verbs whose content the speaker holds to be untrue."""

NEGATIONS_ID: frozenset[str] = frozenset(
    "tidak tak bukan belum tanpa jangan tiada bukanlah tidaklah enggak nggak gak tidaknya takkan mustahil".split()
)
NEGATIONS_EN: frozenset[str] = frozenset(
    """
    not no never without none nobody nothing neither nor cannot cant dont doesnt didnt isnt arent wasnt werent wont
    wouldnt couldnt shouldnt hasnt havent hadnt nowhere unable
    """.split()
)
NEGATIONS: frozenset[str] = NEGATIONS_ID | NEGATIONS_EN
"""Words that turn what follows them into its opposite."""

FAILURES: frozenset[str] = frozenset(
    """
    gagal batal urung menolak ditolak tolak enggan ogah mencegah dicegah fail fails failed failing refuse
    refuses refused refusing decline declines declined cancel cancels cancelled canceled prevented
    """.split()
)
"""Verbs that turn the action after them into one that did not happen."""

NOT_NEGATING: tuple[str, ...] = (
    "tidak hanya", "tak hanya", "bukan hanya", "bukan cuma", "tidak sekadar", "tidak saja", "bukan saja", "tidak cuma",
    "tak sekadar", "bukan sekadar", "tidak lain", "tak lain", "tidak kurang", "tak kurang", "mau tidak mau",
    "tidak jarang", "tak jarang", "not only", "not just", "not least", "no less", "no fewer", "nothing but", "belum lagi", "no longer than", "no more than",
    "whether or not", "no doubt", "tidak lebih dari", "tak lebih dari", "tidak sedikit", "tak sedikit", "no sooner", "not uncommon", "not unlike", "no. ",
)  # fmt: skip
"""Phrases with a word of denial that deny nothing."""

ABOUT: frozenset[str] = frozenset(
    """
    sekitar kira-kira kurang-lebih hampir mendekati nyaris sekira kisaran diperkirakan estimasi ditaksir about around
    approximately roughly nearly almost some circa estimated close approx
    """.split()
)
"""Words that make a number approximate."""

MORE_THAN: tuple[str, ...] = (
    "lebih dari", "lebih daripada", "di atas", "setidaknya", "sedikitnya", "paling sedikit", "sekurang-kurangnya", "minimal",
    "melampaui", "melebihi", "more than", "over", "above", "at least", "exceeding", "exceeded", "upwards of",
    "longer than", "higher than", "larger than", "lebih panjang dari", "lebih lama dari", "lebih tinggi dari", "lebih besar dari",
    "no fewer than", "not less than", "tidak kurang dari", "tak kurang dari", "in excess of", "no less than", "exceed", "exceeds",
)  # fmt: skip
LESS_THAN: tuple[str, ...] = (
    "kurang dari", "di bawah", "paling banyak", "maksimal", "paling lama", "tidak lebih dari", "tak lebih dari",
    "less than", "fewer than", "under", "below", "at most", "up to", "no more than", "hingga maksimal", "not more than",
    "kurang daripada", "tidak sampai", "tak sampai", "belum sampai", "tidak mencapai", "tak mencapai", "lebih pendek dari",
    "lebih ringan dari", "lebih murah dari", "lebih kecil dari", "lebih rendah dari", "lebih sedikit dari", "shorter than",
    "lighter than", "cheaper than", "lower than", "smaller than", "short of",
)  # fmt: skip
"""What makes a number a bound from below, or from above."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Two opposite directions of one thing, in both languages.

    Attributes:
        name: In plain English, as a note to the editor names it.
        positive: Words and phrases of one direction.
        negative: Those of the other; empty where only a denial points the other way.
        plus: How a note calls the one direction.
        minus: How it calls the other.
    """

    name: str
    positive: tuple[str, ...]
    negative: tuple[str, ...]
    plus: str
    minus: str


def _axis(name: str, plus: str, minus: str, positive: str, negative: str) -> Axis:
    return Axis(name, _phrases(positive), _phrases(negative), plus, minus)


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in re.split(r"[,\n]", text) if phrase.strip())


ORDER = "the order in time"

AXES: tuple[Axis, ...] = (
    _axis(
        "a change", "went up", "went down",
        "naik, meningkat, bertambah, melonjak, menguat, membesar, meroket, kenaikan, peningkatan, lonjakan, penguatan, menaikkan, dinaikkan, rise, rises, rose, risen, rising, increase, increases, increased, increasing, climbed, climb, climbs, grew, grow, grows, grown, soared, jumped, surged, surge, gained, strengthened, higher, tumbuh, raised, raise, raises",
        "turun, menurun, berkurang, merosot, melemah, anjlok, menyusut, penurunan, pelemahan, menurunkan, diturunkan, fall, falls, fell, fallen, falling, decrease, decreases, decreased, decreasing, declined, decline, declines, dropped, drop, drops, shrank, shrunk, plunged, slumped, weakened, lower, lowered, reduced, slipped, tumbled, cut",
    ),
    _axis(
        ORDER, "before", "after",
        "sebelum, menjelang, before, prior to, ahead of",
        "setelah, sesudah, usai, seusai, selepas, pasca, after, following, in the wake of",
    ),
    _axis(
        "the outcome", "won", "lost",
        "menang, memenangkan, memenangi, menaklukkan, mengalahkan, juara, kemenangan, win, wins, won, winning, victory, beat, beats, champion, champions, triumphed",
        "kalah, kekalahan, takluk, tersingkir, tumbang, lose, loses, lost, losing, defeat, eliminated",
    ),
    _axis(
        "who is for it", "supports it", "opposes it",
        "mendukung, menyetujui, menyepakati, setuju, sepakat, didukung, disetujui, dukungan, pro, support, supports, supported, supporting, approve, approves, approved, agree, agrees, agreed, backed, backs, back, endorsed, endorses, in favour of, in favor of, welcomed, welcomes, accept, accepts, accepted, menerima, diterima, mengabulkan, dikabulkan, granted, grants, upheld",
        "menentang, menolak, ditolak, ditentang, penolakan, menolaknya, kontra, oppose, opposes, opposed, opposing, reject, rejects, rejected, refuse, refuses, refused, turned down, objected, objects, against, veto, vetoed, memveto, dismissed, struck down, disapproved, keberatan, declined to",
    ),
    _axis(
        "whether it is allowed", "is allowed", "is forbidden",
        "mengizinkan, diizinkan, membolehkan, diperbolehkan, boleh, memperbolehkan, legal, allow, allows, allowed, permit, permits, permitted, legalised, legalized, lifted the ban, mencabut larangan, authorised, authorized",
        "melarang, dilarang, larangan, mengharamkan, ilegal, ban, bans, banned, barred, bar, prohibit, prohibits, prohibited, forbid, forbids, forbidden, outlawed, blocked, diblokir, memblokir, illegal",
    ),
    _axis(
        "whether it opened or closed", "opened", "closed",
        "membuka, dibuka, buka, pembukaan, beroperasi, open, opens, opened, opening, reopened, reopen",
        "menutup, ditutup, tutup, penutupan, close, closes, closed, closing, shut, shuts, shut down, closure",
    ),
    _axis(
        "the start or the end", "began", "ended",
        "memulai, dimulai, mulai, bermula, diawali, begin, begins, began, begun, start, starts, started, starting, launched, commenced",
        "berakhir, mengakhiri, diakhiri, selesai, berhenti, dihentikan, menghentikan, end, ends, ended, ending, finished, finish, concluded, halted, stopped, stop, ceased",
    ),
    _axis(
        "the verdict", "guilty", "cleared",
        "bersalah, divonis, dihukum, terbukti, guilty, convicted, sentenced, convicts",
        "tak bersalah, tidak bersalah, dibebaskan dari, vonis bebas, bebas murni, acquitted, acquitted of, acquits, cleared, innocent, not guilty, diputus bebas, divonis bebas, exonerated",
    ),
    _axis(
        "whether it is confirmed", "confirmed", "denied",
        "membenarkan, mengakui, mengonfirmasi, mengkonfirmasi, diakui, confirm, confirms, confirmed, admit, admits, admitted, acknowledged, acknowledges, mengiyakan",
        "membantah, dibantah, menyangkal, menampik, menepis, bantahan, deny, denies, denied, denying, refuted, refutes, denial",
    ),
    _axis(
        "whether it worked", "succeeded", "failed",
        "berhasil, sukses, keberhasilan, succeed, succeeds, succeeded, success, successful, successfully, managed to",
        "gagal, kegagalan, urung, fail, fails, failed, failing, failure, unsuccessful, unsuccessfully",
    ),
    _axis(
        "which end of the scale", "the most", "the least",
        "terbesar, tertinggi, terbanyak, terpanjang, terkuat, tercepat, terluas, termahal, terberat, largest, biggest, highest, most, longest, strongest, fastest, tallest, heaviest, maximum",
        "terkecil, terendah, tersedikit, terpendek, terlemah, terlambat, tersempit, termurah, smallest, lowest, fewest, least, shortest, weakest, slowest, lightest, minimum",
    ),
    _axis(
        "the larger part", "the majority", "the minority",
        "mayoritas, sebagian besar, kebanyakan, majority, most of, the bulk of, mostly",
        "minoritas, sebagian kecil, segelintir, minority, a small part, a handful",
    ),
    _axis(
        "the comparison", "more", "less",
        "lebih banyak, lebih tinggi, lebih besar, lebih mahal, lebih cepat, lebih lama, lebih awal, lebih kuat, lebih luas, lebih panjang, more, higher, larger, bigger, faster, longer, earlier, stronger, greater, lebih berat",
        "lebih sedikit, lebih rendah, lebih kecil, lebih murah, lebih lambat, lebih singkat, lebih lemah, lebih sempit, lebih pendek, less, fewer, lower, smaller, slower, shorter, later, weaker, cheaper, lebih ringan, kurang dari",
    ),
    _axis(
        "the direction of trade", "exports", "imports",
        "ekspor, mengekspor, diekspor, export, exports, exported",
        "impor, mengimpor, diimpor, import, imports, imported",
    ),
    _axis(
        "buying or selling", "bought", "sold",
        "membeli, dibeli, pembelian, buy, buys, bought, purchase, purchased, purchases, acquired, mengakuisisi",
        "menjual, dijual, penjualan, sell, sells, sold, selling",
    ),
    _axis(
        "the result", "a surplus or profit", "a deficit or loss",
        "surplus, untung, laba, keuntungan, profit, profits, profitable, gain",
        "defisit, rugi, merugi, kerugian, deficit, loss, losses",
    ),
    _axis(
        "coming or going", "arrived", "left",
        "tiba, mendarat, datang, kedatangan, memasuki, bergabung, arrive, arrives, arrived, landed, came, entered, joined, join, joins, arrival",
        "berangkat, meninggalkan, pergi, keberangkatan, bertolak, keluar, depart, departs, departed, leave, leaves, left, exited, withdrew, withdraw, departure, quit",
    ),
    _axis(
        "strictness", "was tightened", "was loosened",
        "memperketat, diperketat, pengetatan, tighten, tightened, tightens, tightening, stricter, memperberat, diperberat",
        "melonggarkan, dilonggarkan, pelonggaran, loosen, loosened, loosens, eased, ease, eases, relaxed, relaxes, meringankan, diringankan",
    ),
    _axis(
        "whether it was extended", "was extended", "was cut short",
        "memperpanjang, diperpanjang, perpanjangan, extend, extends, extended, prolonged, lengthened",
        "mempersingkat, dipersingkat, memangkas, dipangkas, shortened, shorten, curtailed, cut short",
    ),
    _axis(
        "the appointment", "was appointed", "was dismissed",
        "mengangkat, diangkat, melantik, dilantik, menunjuk, ditunjuk, pengangkatan, appoint, appoints, appointed, named as, hired, inaugurated, sworn in",
        "memecat, dipecat, memberhentikan, diberhentikan, mencopot, dicopot, pemecatan, dismissed from, sacked, fired, removed from, ousted",
    ),
    _axis(
        "alive or dead", "survived", "died",
        "selamat, hidup, survived, survive, survives, alive, survivor, rescued alive",
        "meninggal, tewas, wafat, mati, gugur, died, dies, dead, killed, perished",
    ),
    _axis(
        "arrest or release", "was detained", "was released",
        "menangkap, ditangkap, menahan, ditahan, penangkapan, arrest, arrests, arrested, detain, detains, detained, jailed, imprisoned",
        "membebaskan, dibebaskan, pembebasan, melepaskan, dilepaskan, release, releases, released, freed, frees",
    ),
)  # fmt: skip
"""Directions that a small entailment model reads over. Words that point both ways in news (`back`, `cut`) are guarded by the
rule that an axis counts only where all its words in a text point one way."""

_STOPS: Mapping[Language, frozenset[str]] = {
    "id": frozenset(
        """
        yang dan di ke dari untuk pada dengan dalam ini itu adalah akan telah sudah oleh tidak juga atau karena sebagai
        mereka kata dia ia bahwa para setelah sebelum saat lebih hingga sekitar tersebut menjadi bisa dapat kepada belum
        antara seorang warga orang serta ada bukan hanya masih bagi
        """.split()
    ),
    "en": frozenset(
        """
        the of and to in a is that for on was with as it by at from be this are has have had were an he she they said
        will would which not but or its their after before more than who been about his her into
        """.split()
    ),
}
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", re.UNICODE)


def words(text: str) -> list[str]:
    """The words of a text, lower case, apostrophes dropped (`didn't` gives `didnt`), in order."""
    return [match.group().lower().replace("'", "").replace("’", "") for match in _WORD.finditer(text)]


def language_of(text: str, default: Language = "en") -> Language:
    """Indonesian or English, by the small words of a text.

    Args:
        text: A sentence or more.
        default: The answer where neither language's small words prevail.
    """
    found = words(text)
    indonesian = sum(word in _STOPS["id"] for word in found)
    english = sum(word in _STOPS["en"] for word in found)
    if indonesian == english:
        return default
    return "id" if indonesian > english else "en"


@cache
def small_words() -> frozenset[str]:
    """The small words of both languages, those that `language_of` counts."""
    return _STOPS["id"] | _STOPS["en"]
