from __future__ import annotations

import hashlib

import pytest

from retrieval.ids import content_hash, normalise_url, source_id


def test_content_hash_ignores_white_space_and_composition_only() -> None:
    assert content_hash("Gempa  bumi\n Cianjur ") == content_hash("Gempa bumi Cianjur")
    assert content_hash("Café") == content_hash("Café")
    assert content_hash("Gempa bumi Cianjur") != content_hash("gempa bumi Cianjur")
    assert content_hash("a b") == hashlib.sha256(b"a b").hexdigest()


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("http://Example.com/a/", "https://example.com:443/a"),
        ("https://example.com/a?utm_source=x&b=2&a=1", "https://example.com/a?a=1&b=2#top"),
        ("https://example.com./a", "https://example.com/a"),
        ("https://example.com/a%20b", "https://example.com/a b"),
    ],
)
def test_one_page_has_one_address(left: str, right: str) -> None:
    assert normalise_url(left) == normalise_url(right)
    assert source_id(left, "x") == source_id(right, "y")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("https://example.com/a?id=1", "https://example.com/a?id=2"),
        ("https://example.com/A", "https://example.com/a"),
        ("https://example.com:8443/a", "https://example.com/a"),
        ("https://a.example.com/", "https://b.example.com/"),
    ],
)
def test_two_pages_have_two(left: str, right: str) -> None:
    assert source_id(left, "x") != source_id(right, "x")


def test_a_source_without_address_is_known_by_its_words() -> None:
    assert source_id("", "satu dua") == source_id("", "satu\n dua")
    assert source_id("", "satu") != source_id("", "dua")
    assert source_id("", "satu").startswith("src-")
    assert len(source_id("", "satu")) == 20


def test_an_unparseable_address_is_kept() -> None:
    assert normalise_url(" http://[bad ") == "http://[bad"
    assert normalise_url("urn:isbn:1") == "urn:isbn:1"
