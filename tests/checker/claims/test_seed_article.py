"""The article that the project began with: its claims, named by their first and last words, and who makes them.

The text belongs to its publisher and is not in the repository; the test reads it where it lies beside the checkout.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from checker.article import read_article
from checker.claims.rules import RuleExtractor
from checker.types import Claim

SEED = Path(os.environ.get("SARING_SHARED", "../shared")) / "seed-article.txt"


@dataclass(frozen=True)
class Wanted:
    """A claim that a careful reader finds: words of its quote in order, and its credit."""

    words: str
    speaker: str = ""
    outlet: str = ""
    anonymous: bool = False


WANTED = (
    Wanted("Abbas Araqchi mengambil surat Khamenei"),
    Wanted("Hal itu kunjungannya Moskow 23 Juni 2025"),
    Wanted("Surat itu meminta dukungan", "sumber senior", "Reuters", True),
    Wanted("Iran belum terkesan dukungan Rusia", "sumber Iran", "", True),
    Wanted("negara itu ingin Putin melawan Israel", "sumber Iran", "", True),
    Wanted("Sumber tersebut tidak merinci bantuan", "sumber Iran", "", True),
    Wanted("Rusia berperan negosiasi nuklir hak veto"),
    Wanted("ditinggalkan Trump 2018"),
    Wanted("agresi terhadap Iran tidak berdasar", "Vladimir Putin", "Aljazeera"),
    Wanted("Putin memberikan komentar awal pembicaraan Kremlin", "", "Aljazeera"),
    Wanted("Rusia siap membantu rakyat Iran", "Vladimir Putin", "Aljazeera"),
    Wanted("Araghchi berterima kasih mengutuk", "", "Aljazeera"),
    Wanted("Rusia berdiri sejarah yang benar", "Abbas Araqchi", "Aljazeera"),
    Wanted("Khamenei Pezeshkian memintanya harapan terbaik", "Abbas Araqchi", "Aljazeera"),
    Wanted("Rusia sangat menyesalkan dan mengutuk", "", "Aljazeera"),
    Wanted("Serangan meningkatkan jumlah peserta konflik", "Kremlin"),
    Wanted("memicu spiral eskalasi", "Kremlin"),
    Wanted("Belum jelas bahaya radiasi", "Dmitry Peskov"),
    Wanted("Trump tidak memberi tahu Putin serangan itu sebelumnya", "Dmitry Peskov"),
    Wanted("mereka membahas keterlibatan militer", "Dmitry Peskov"),
    Wanted("Moskow menawarkan jasanya mediator", "Dmitry Peskov"),
    Wanted("selanjutnya bergantung dibutuhkan Iran", "Dmitry Peskov"),
)


@pytest.fixture(scope="module")
def claims() -> tuple[Claim, ...]:
    if not SEED.is_file():
        pytest.skip(f"{SEED} is not there: the article is not ours to keep in the repository")
    extraction = RuleExtractor().extract(read_article(SEED))
    assert extraction.failures == ()
    return extraction.claims


def find(claims: tuple[Claim, ...], words: str) -> Claim | None:
    for claim in claims:
        position = 0
        for word in words.split():
            position = claim.quote.find(word, position)
            if position < 0:
                break
        else:
            return claim
    return None


def test_every_claim_is_found_with_its_credit(claims: tuple[Claim, ...]) -> None:
    for wanted in WANTED:
        claim = find(claims, wanted.words)
        assert claim is not None, wanted
        assert claim.checkable
        given = claim.attribution
        credit = (given.speaker, given.outlet, given.anonymous) if given else ("", "", False)
        assert credit == (wanted.speaker, wanted.outlet, wanted.anonymous), wanted


def test_nothing_else_is_claimed(claims: tuple[Claim, ...]) -> None:
    assert len(claims) == len(WANTED)
    text = " ".join(claim.quote for claim in claims)
    assert "UU ITE" not in text
    assert "Baca juga" not in text
    assert "Target Serangan" not in text
    assert "Mau Bantu Perang" not in text


def test_the_standfirst_is_listed_once_by_its_body_span(claims: tuple[Claim, ...]) -> None:
    repeated = [claim for claim in claims if "agresi" in claim.quote]
    assert len(repeated) == 1
    assert repeated[0].start > 1000


def test_what_words_point_to_is_told(claims: tuple[Claim, ...]) -> None:
    def context(words: str) -> str:
        claim = find(claims, words)
        assert claim is not None
        return claim.context

    assert "kunjungannya: Abbas Araqchi" in context("Hal itu kunjungannya")
    assert "Hal itu: " in context("Hal itu kunjungannya")
    assert "2025-06-23" in context("Hal itu kunjungannya")
    assert "negara itu: Iran" in context("negara itu ingin")
    assert "mendukungnya: Iran" in context("negara itu ingin")
    assert "Sumber tersebut: sumber Iran" in context("Sumber tersebut")
    assert "Araghchi: Abbas Araqchi" in context("Araghchi berterima")
    assert "memintanya: Abbas Araqchi" in context("memintanya")
    assert "mereka: Donald Trump dan Vladimir Putin" in context("mereka membahas")
    assert "jasanya: Moskow" in context("jasanya")


def test_the_wording_stands_alone(claims: tuple[Claim, ...]) -> None:
    def wording(words: str) -> str:
        claim = find(claims, words)
        assert claim is not None
        return claim.text

    assert wording("mereka membahas").startswith("Donald Trump dan Vladimir Putin membahas")
    assert wording("negara itu ingin").startswith("Iran ingin Vladimir Putin")
    assert wording("memicu spiral").startswith("Serangan AS terhadap tiga lokasi nuklir Iran memicu")
    assert wording("ditinggalkan Trump").startswith("Kesepakatan nuklir sebelumnya ditinggalkan Donald Trump")
    assert all("kata Peskov" not in claim.text for claim in claims)
