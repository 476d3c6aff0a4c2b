"""What each sentence of an article is for."""

from __future__ import annotations

import pytest

from checker.article import article_from_text
from checker.claims.roles import is_boilerplate, is_link, sentence_roles
from checker.claims.rules import RuleExtractor

LINKS = [
    "Baca juga: Daftar Pasar yang Buka Malam Ini",
    "BACA JUGA: Harga Beras Naik",
    "Simak juga: Jadwal Kereta Tambahan",
    "Lihat Juga: Foto-foto Banjir",
    "Baca selengkapnya di sini",
    "Read more: Ten rivers worth seeing",
    "Read also: The bridge that nobody wanted",
    "Related: A timeline of the dispute",
    "https://contoh.id/berita/1",
    "[Gambas:Video 20detik]",
]
BOILERPLATE = [
    "Isi komentar sepenuhnya adalah tanggung jawab pengguna dan diatur dalam UU ITE.",
    "Ikuti berita terkini di kanal WhatsApp kami.",
    "Dapatkan update berita pilihan setiap hari dari kami.",
    "Sign up for our daily briefing newsletter.",
    "Get the latest news in your inbox.",
    "Follow us on Mastodon and Bluesky.",
    "Subscribe to our newsletter for more stories like this.",
    "Penulis: Rudi Hartono",
    "Editor: Siti Aminah",
    "Photo: J. Mayer",
    "Copyright © 2024 Warta Kota. All rights reserved.",
    "(Reporting by Jane Doe; Editing by John Roe)",
    "Reporting by Jane Doe; editing by John Roe.",
    "Artikel ini telah tayang di Koran Pagi dengan judul Inflasi Turun.",
    "This article was first published in the Daily Gazette.",
    "ADVERTISEMENT",
    "SCROLL TO CONTINUE WITH CONTENT",
    "Tags: banjir, depok",
    "(rds/fra)",
    "Bagikan artikel ini",
    "***",
]
NEWS = [
    "Lihat data tersebut, inflasi Juni turun menjadi 2,51 persen.",
    "Editor kepala surat kabar itu ditahan polisi pada Senin.",
    "Sumber air di desa itu mengering sejak Mei.",
    "Reporters were barred from the hearing on Monday.",
    "The photo shows 14 prisoners in a courtyard.",
    "Ikuti aturan itu, jumlah pemilih turun 3 persen.",
    "More from the fund will reach 300 villages by June.",
    "Iklan layanan masyarakat itu tayang di 12 stasiun televisi selama Ramadan tahun ini.",
    "Get-out-the-vote drives reached 12 million people last year.",
    "Subscribers of the paper fell by 12 percent.",
    "Share prices fell 3 percent on Tuesday after the ruling.",
    "Video rekaman itu memperlihatkan dua orang masuk ke gudang.",
]


@pytest.mark.parametrize("text", LINKS)
def test_links(text: str) -> None:
    assert is_link(text)


@pytest.mark.parametrize("text", BOILERPLATE)
def test_boilerplate(text: str) -> None:
    assert is_boilerplate(text)


@pytest.mark.parametrize("text", NEWS)
def test_news_that_begins_like_them(text: str) -> None:
    assert not is_link(text)
    assert not is_boilerplate(text)


def test_roles_in_their_order() -> None:
    article = article_from_text(
        "Banjir Depok\nSungai Meluap di Tiga Desa, Ratusan Warga Mengungsi\nWarga bertahan di balai desa sejak malam.\n"
        "DEPOK, KOMPAS.com - Sungai meluap pada Kamis. Tiga desa terendam.\nBaca juga: Jadwal Kereta\n"
        "Penyebab banjir\nTanggul jebol di dua tempat.\nEditor: Siti Aminah\n"
    )
    assert [s.role for s in sentence_roles(article)] == [
        "kicker", "headline", "standfirst", "body", "body", "link", "subheading", "body", "boilerplate",
    ]  # fmt: skip
    first = next(s for s in sentence_roles(article) if s.role == "body")
    assert article.text[first.start :].startswith("Sungai meluap")


@pytest.mark.parametrize("text", [*LINKS, *BOILERPLATE])
def test_no_claim_comes_from_them(text: str) -> None:
    article = article_from_text(f"Judul\n\nSungai Pesanggrahan meluap pada Kamis malam.\n\n{text}\n", language="id")
    claims = RuleExtractor().extract(article).claims
    assert [claim.quote for claim in claims] == ["Sungai Pesanggrahan meluap pada Kamis malam"]


def test_a_headline_claims_only_what_the_body_does_not() -> None:
    body = "Sungai Pesanggrahan meluap pada Kamis malam. Tiga desa di Depok terendam air setinggi lutut orang dewasa."
    same = article_from_text(f"Sungai Meluap, Tiga Desa Terendam\n\n{body}\n")
    other = article_from_text(f"Wali Kota Mengundurkan Diri Setelah Didesak Mahasiswa\n\n{body}\n")
    assert len(RuleExtractor().extract(same).claims) == 2
    assert len(RuleExtractor().extract(other).claims) == 3


def test_a_sentence_that_the_body_says_twice_is_claimed_twice_with_two_ids() -> None:
    article = article_from_text(
        "Judul\n\nTiga desa terendam air.\n\nHujan turun sejak pagi.\n\nTiga desa terendam air.\n"
    )
    claims = [c for c in RuleExtractor().extract(article).claims if c.quote == "Tiga desa terendam air"]
    assert len({claim.id for claim in claims}) == 2
