"""Reading articles: formats, headlines, datelines, encodings, and everything that is not an article."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from checker.article import (
    MAX_BYTES,
    MAX_CHARACTERS,
    article_from_html,
    article_from_markdown,
    article_from_text,
    detect_language,
    read_article,
)
from checker.errors import ArticleEmpty, ArticleError, ArticleNotFound, ArticleNotText, ArticleTooLarge

TEXT = (
    "Sungai Meluap di Tiga Desa\n\n"
    "DEPOK, 3 Maret 2023 - Sungai Pesanggrahan meluap pada Kamis malam. Tiga desa terendam.\n\n"
    "Warga mengungsi ke balai desa.\n"
)


def test_plain_text_is_kept_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(TEXT, "utf-8")
    article = read_article(path)
    assert article.text == TEXT
    assert article.title == "Sungai Meluap di Tiga Desa"
    assert article.published_at == "2023-03-03"
    assert article.language == "id"
    assert all(article.text[s.start : s.end] == s.text for s in article.sentences)
    assert [s.text for s in article.sentences][-1] == "Warga mengungsi ke balai desa."


def test_what_is_told_wins_over_what_is_found() -> None:
    article = article_from_text(
        TEXT, url="https://x.id/a", title="T", publisher="P", published_at="2023-03-04", language="en"
    )
    assert (article.title, article.publisher, article.published_at, article.language) == ("T", "P", "2023-03-04", "en")


def test_the_id_follows_the_address_or_the_text() -> None:
    assert article_from_text(TEXT).id == article_from_text(TEXT).id
    assert article_from_text(TEXT).id != article_from_text(TEXT + "Lagi.").id
    one = article_from_text(TEXT, url="https://x.id/a?utm_source=z")
    assert one.id == article_from_text(TEXT + "Lagi.", url="https://x.id/a").id


@pytest.mark.parametrize(
    ("line", "place", "publisher", "published_at"),
    [
        ("TRIBUNNEWS.COM - Ia tiba.", "", "TRIBUNNEWS.COM", None),
        ("Liputan6.com, Jakarta - Ia tiba.", "Jakarta", "Liputan6.com", None),
        ("Jakarta, CNN Indonesia -- Ia tiba.", "Jakarta", "CNN Indonesia", None),
        ("JAKARTA, KOMPAS.com – Ia tiba.", "Jakarta", "KOMPAS.com", None),
        ("Jakarta (ANTARA) - Ia tiba.", "Jakarta", "ANTARA", None),
        ("WASHINGTON (AP) — He came.", "Washington", "AP", None),
        ("LONDON, March 3, 2024 (Reuters) - He came.", "London", "Reuters", "2024-03-03"),
        ("SURABAYA, 3 Maret 2023 - Ia tiba.", "Surabaya", "", "2023-03-03"),
        ("Jakarta - Ia tiba.", "Jakarta", "", None),
    ],
)
def test_datelines(line: str, place: str, publisher: str, published_at: str | None) -> None:
    from checker.head import read_head

    text = f"Judul yang cukup panjang\n\n{line} Lalu hujan turun deras sekali di sana.\n"
    head = read_head(text)
    assert head.dateline is not None
    assert text[head.dateline[1] :].startswith(("Ia tiba", "He came"))
    assert (head.place, head.publisher, head.published_at) == (place, publisher, published_at)


@pytest.mark.parametrize(
    "line", ["Harga naik - warga resah sekali.", "Budi - nama samaran - datang.", "Ia datang-pergi."]
)
def test_a_dash_in_prose_is_no_dateline(line: str) -> None:
    from checker.head import read_head

    assert read_head(f"Judul\n\n{line}\n").dateline is None


def test_kicker_standfirst_and_byline_are_told_apart() -> None:
    from checker.head import read_head

    text = (
        "Banjir Depok\nSungai Meluap di Tiga Desa, Ratusan Warga Mengungsi\n"
        "Warga bertahan di balai desa sejak malam.\nSenin, 23 Juni 2025 10:15 WIB\nPenulis: Budi Santoso\n"
        "DEPOK, KOMPAS.com - Sungai meluap. Tiga desa terendam.\n"
    )
    head = read_head(text)
    assert head.kicker
    assert text[slice(*head.kicker)] == "Banjir Depok"
    assert head.headline
    assert text[slice(*head.headline)].startswith("Sungai Meluap")
    assert [text[a:b] for a, b in head.standfirst] == ["Warga bertahan di balai desa sejak malam."]
    assert len(head.bylines) == 2
    assert head.published_at == "2025-06-23T10:15+07:00"
    assert text[head.body :].startswith("DEPOK")


def test_a_text_without_a_headline_has_none() -> None:
    assert article_from_text("Sungai meluap pada Kamis. Tiga desa terendam air.").title == ""


def test_markdown_loses_its_syntax() -> None:
    article = article_from_markdown(
        "---\ntitle: Sungai Meluap\ndate: 2023-03-03\nlang: id\n---\n# Sungai Meluap\n\nSungai **Pesanggrahan** meluap "
        "[pada Kamis](http://x.id/a_b) dan\nmerendam `tiga` desa.\n\n![foto](x.png)\n\n"
        "- Satu desa hilang.\n\n<b>x</b>\n"
    )
    assert article.title == "Sungai Meluap"
    assert article.published_at == "2023-03-03"
    assert "Sungai Pesanggrahan meluap pada Kamis dan merendam tiga desa." in article.text
    assert "Satu desa hilang." in article.text
    assert not any(mark in article.text for mark in ("**", "](", "# ", "png", "---"))
    assert all(article.text[s.start : s.end] == s.text for s in article.sentences)


def test_html_is_reduced_to_its_article() -> None:
    body = "".join(
        f"<p>Sungai Pesanggrahan meluap untuk kali ke-{i} tahun ini dan merendam desa.</p>" for i in range(1, 9)
    )
    page = (
        "<!doctype html><html lang='id'><head><title>Sungai Meluap</title>"
        "<meta property='article:published_time' content='2023-03-03T10:00:00+07:00'></head><body>"
        "<nav><a href='/'>Beranda</a><a href='/olahraga'>Olahraga</a></nav>"
        f"<article><h1>Sungai Meluap</h1>{body}</article><script>var x = 'jangan tampil';</script>"
        "<footer>Hak cipta 2023</footer></body></html>"
    )
    article = article_from_html(page)
    assert article.title == "Sungai Meluap"
    assert article.text.startswith("Sungai Meluap\n")
    assert "kali ke-8" in article.text
    assert "jangan tampil" not in article.text
    assert article.published_at is not None
    assert article.published_at.startswith("2023-03-03")
    with pytest.raises(ArticleEmpty, match=r"\.txt"):
        article_from_html("<html><body><script>1</script></body></html>")


def test_a_page_is_recognised_whatever_its_suffix(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    paragraph = "<p>Sungai Pesanggrahan meluap pada Kamis malam dan merendam tiga desa di Depok.</p>"
    path.write_text(f"<!DOCTYPE html><html><body><article>{paragraph * 6}</article></body></html>", "utf-8")
    assert "<p>" not in read_article(path).text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_encodings_that_are_told(tmp_path: Path, encoding: str) -> None:
    text = "“Sungai meluap,” kata Rini – warga Depok. Air naik."
    data = text.encode(encoding)
    if encoding == "utf-16-le":
        data = b"\xff\xfe" + data
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    assert read_article(path).text == text


def test_windows_1252_is_read_where_it_looks_like_writing(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    text = "“The café is full,” said Anna – and left. The river rose again on Monday."
    path.write_bytes(text.encode("cp1252"))
    assert read_article(path).text == text


def test_line_breaks_become_one_kind() -> None:
    assert (
        article_from_text("Satu dua tiga.\r\nEmpat lima.\rEnam\u2028tujuh.").text
        == "Satu dua tiga.\nEmpat lima.\nEnam\ntujuh."
    )


def test_standard_input() -> None:
    assert read_article("-", stdin=io.BytesIO(TEXT.encode())).title == "Sungai Meluap di Tiga Desa"


def one_line(error: Exception) -> str:
    assert "\n" not in str(error)
    return str(error)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ArticleNotFound) as caught:
        read_article(tmp_path / "tidak-ada.txt")
    assert "tidak-ada.txt" in one_line(caught.value)


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ArticleError, match="folder") as caught:
        read_article(tmp_path)
    one_line(caught.value)


@pytest.mark.parametrize("data", [b"", b"  \n\t ", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n"])
def test_an_empty_file(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    with pytest.raises(ArticleEmpty, match="empty") as caught:
        read_article(path)
    one_line(caught.value)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (b"PK\x03\x04\x14\x00", "ZIP"),
        (b"\x89PNG\r\n\x1a\n", "image"),
        (bytes(range(256)) * 8, "encoding"),
        (b"abc\x00\x01\x02def" * 20, "binary"),
        ("Река вышла из берегов".encode("cp1251"), "UTF-8"),
        (b"\xff\xfe\x00\xd8a", "utf-16"),
    ],
)
def test_what_is_no_text(tmp_path: Path, data: bytes, word: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    with pytest.raises(ArticleNotText, match=word) as caught:
        read_article(path)
    one_line(caught.value)


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(50_000_000)  # sparse: reading it would give NUL bytes, and another error
    with pytest.raises(ArticleTooLarge, match="50,000,000") as caught:
        read_article(path)
    one_line(caught.value)


def test_a_large_standard_input_is_refused() -> None:
    with pytest.raises(ArticleTooLarge, match=f"{MAX_BYTES:,}"):
        read_article("-", stdin=io.BytesIO(b"a" * (MAX_BYTES + 10)))


def test_a_text_longer_than_any_article_is_refused() -> None:
    with pytest.raises(ArticleTooLarge, match=f"{MAX_CHARACTERS:,}"):
        article_from_text("kata " * (MAX_CHARACTERS // 5 + 1))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(TEXT)
    path.chmod(0)
    with pytest.raises(ArticleError, match="permissions"):
        read_article(path)


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000])
def test_a_path_that_cannot_be(name: str) -> None:
    with pytest.raises(ArticleError) as caught:
        read_article(name)
    assert len(one_line(caught.value)) < 400


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Presiden menyerahkan bantuan kepada warga yang rumahnya rusak.", "id"),
        ("The president handed over the aid to residents whose houses were damaged.", "en"),
        ("12 34 56", "id"),
    ],
)
def test_languages(text: str, language: str) -> None:
    assert detect_language(text) == language
