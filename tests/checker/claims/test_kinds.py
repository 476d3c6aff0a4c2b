"""Fact, quote, prediction, opinion, question."""

from __future__ import annotations

import pytest

from checker.article import article_from_text
from checker.claims.rules import RuleExtractor

FACTS = [
    ("id", "Pemerintah akan membangun 200 rumah di Cianjur pada Mei."),
    ("id", "Pabrik itu diperkirakan memenuhi 65 persen kebutuhan dunia."),
    ("id", "Indonesia akan menghadapi Uzbekistan di semifinal pada 29 April."),
    ("id", "Jembatan itu ambruk pada Senin."),
    ("id", "Perusahaan itu berencana membuka tiga gerai di Bali."),
    ("id", "Kementerian menargetkan 30 ribu penerima bantuan tahun ini."),
    ("id", "Belanja iklan partai itu terbesar ketiga tahun lalu."),
    ("id", "Bupati menjadi tersangka dalam perkara suap."),
    ("en", "Apple will build a facility in Batam to help make AirTags."),
    ("en", "The plant is expected to meet 65 percent of global demand."),
    ("en", "Production is due to start in July 2025."),
    ("en", "The museum opened in May 2019."),
    ("en", "The court must rule on the appeal within 30 days."),
    ("en", "The company plans to hire 300 engineers in Bandung."),
]
PREDICTIONS = [
    ("id", "Putusan banding nanti akan menjadi ujian bagi keberanian hakim."),
    ("id", "Pemulihan kawasan ini kemungkinan akan memakan waktu lama."),
    ("id", "Persaingan di pasar ini tampaknya akan kian ketat."),
    ("id", "Bukan tidak mungkin kasus serupa terulang di daerah lain."),
    ("id", "Tekanan publik akan semakin besar dalam beberapa pekan ke depan."),
    ("en", "The saga will probably make other multinationals think twice about Indonesia."),
    ("en", "The ruling could reshape the industry for years."),
    ("en", "The delay will surely test the patience of its partners."),
    ("en", "It may take a decade for the harbour to recover its charm."),
    ("en", "Voters are likely to punish the party for it."),
    ("en", "Whether the truce holds remains to be seen."),
]
OPINIONS = [
    ("id", "Langkah itu bisa menjadi preseden buruk."),
    ("id", "Tragedi ini semestinya menjadi alarm bagi daerah lain."),
    ("id", "Sudah saatnya pemerintah membenahi tata ruang."),
    ("id", "Kinerja petugas di lapangan patut diapresiasi."),
    ("id", "Kasus ini menunjukkan betapa lemahnya pengawasan."),
    ("id", "Kegagalan ini sungguh memalukan."),
    ("id", "Warga tentu saja pantas mendapat penjelasan."),
    ("en", "The disaster should shame those who ignored the warnings."),
    ("en", "It is high time the council listened."),
    ("en", "The decision is a reminder that promises are cheap."),
    ("en", "Voters deserve a government that keeps its word."),
    ("en", "The handling of the crisis was disgraceful."),
    ("en", "Regulators ought to have acted years ago."),
]
QUESTIONS = [("id", "Apakah pemerintah akan bertindak?"), ("en", "Will the government act in time?")]


@pytest.mark.parametrize(
    ("language", "text", "kind"),
    [
        *((language, text, "fact") for language, text in FACTS),
        *((language, text, "prediction") for language, text in PREDICTIONS),
        *((language, text, "opinion") for language, text in OPINIONS),
        *((language, text, "question") for language, text in QUESTIONS),
    ],
)
def test_in_the_articles_own_voice(language: str, text: str, kind: str) -> None:
    claims = RuleExtractor().extract(article_from_text(text, language=language)).claims
    assert [claim.kind for claim in claims] == [kind]


@pytest.mark.parametrize(
    ("language", "text", "kind"),
    [
        ("id", "Harga akan naik tahun depan, kata Menteri Rini Astuti.", "quote"),
        ("id", "“Ini sungguh memalukan,” kata Rini Astuti.", "quote"),
        ("id", "Pengamat Rini Astuti menilai keputusan itu sudah tepat.", "opinion"),
        ("id", "Pengamat Rini Astuti menilai pertumbuhan mencapai 5 persen.", "quote"),
        ("en", "The talks will fail, said Anna Novak.", "quote"),
        ("en", "Anna Novak believes that the court was wrong.", "opinion"),
        ("en", "The plant will open in May, Bloomberg reported.", "fact"),
    ],
)
def test_what_somebody_says_can_be_checked_as_said(language: str, text: str, kind: str) -> None:
    claims = RuleExtractor().extract(article_from_text(text, language=language)).claims
    assert [claim.kind for claim in claims] == [kind]


@pytest.mark.parametrize(
    ("language", "text", "kind"),
    [
        ("en", "The council met after US bombers struck the site.", "fact"),
        ("en", "The WHO has sent 40 nurses to the province.", "fact"),
        ("id", "Serangan AS menghantam tiga lokasi pada Minggu.", "fact"),
    ],
)
def test_an_acronym_is_not_the_common_word_that_it_spells(language: str, text: str, kind: str) -> None:
    claims = RuleExtractor().extract(article_from_text(text, language=language)).claims
    assert [claim.kind for claim in claims] == [kind]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Mayor Anna Novak announced on Monday that the bridge would close."),
        ("id", "Bupati Rini Astuti mengumumkan bahwa jembatan ditutup."),
    ],
)
def test_an_announcement_is_a_fact_about_who_made_it(language: str, text: str) -> None:
    (claim,) = RuleExtractor().extract(article_from_text(text, language=language)).claims
    assert (claim.kind, claim.attribution) == ("fact", None)
    assert claim.text == text
