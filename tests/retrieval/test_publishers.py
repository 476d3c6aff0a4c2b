from __future__ import annotations

from pathlib import Path

import pytest

from retrieval.errors import InputError
from retrieval.publishers import load_registry, lookup, registry, same_outlet

TYPES = {"wire", "state_media", "official", "newspaper", "online_news", "broadcaster", "aggregator"} | {
    "ngo",
    "academic",
    "fact_checker",
    "reference",
    "general",
}


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("Aljazeera", "Al Jazeera"),
        ("Al Jazeera", "Al Jazeera"),
        ("al-jazeera", "Al Jazeera"),
        ("aljazeera.com", "Al Jazeera"),
        ("https://www.aljazeera.com/news/2025/6/23/x?y=1", "Al Jazeera"),
        ("TRIBUNNEWS.COM", "Tribunnews"),
        ("jakarta.tribunnews.com", "Tribunnews"),
        ("Jakarta Post", "The Jakarta Post"),
        ("Associated Press", "AP"),
        ("kantor berita Reuters", "Reuters"),
        ("www.afp.com", "AFP"),
        ("factcheck.afp.com", "AFP Fact Check"),
        ("Anadolu Ajansı", "Anadolu"),
        ("tass.com", "TASS"),
        ("Badan Meteorologi, Klimatologi, dan Geofisika", "BMKG"),
        ("id.wikipedia.org", "Wikipedia"),
        ("RCTI+", "RCTI+"),
    ],
)
def test_an_outlet_is_found_by_any_of_its_names(asked: str, name: str) -> None:
    found = lookup(asked)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "asked", ["", " ", "Koran Lokal", "evil-reuters.com", "reuters.com.evil.example", "co.id", "com"]
)
def test_a_stranger_is_not_taken_for_a_known_outlet(asked: str) -> None:
    assert lookup(asked) is None


def test_same_outlet() -> None:
    assert same_outlet("Aljazeera", "https://www.aljazeera.com/x")
    assert same_outlet("AP", "The Associated Press")
    assert not same_outlet("CNN", "CNN Indonesia")
    assert not same_outlet("Reuters", "AFP")
    assert same_outlet("Koran Lokal", "koran lokal")
    assert same_outlet("www.lokal.example", "https://lokal.example/a")
    assert not same_outlet("Koran Lokal", "Reuters")
    assert not same_outlet("", "")


def test_the_list_is_well_formed() -> None:
    everyone = {p.name: p for p in registry().by_name.values()}
    assert len(everyone) >= 80
    assert {p.type for p in everyone.values()} <= TYPES
    for host in registry().by_host:
        assert host == host.lower()
        assert not host.startswith("www.")
    assert all(everyone[n].state_affiliated for n in ("TASS", "Antara", "Anadolu", "Xinhua", "IRNA"))
    assert not any(everyone[n].state_affiliated for n in ("Reuters", "AFP", "AP", "Tempo"))
    assert all(everyone[n].agency for n in ("Reuters", "AFP", "AP", "TASS", "Antara"))


def test_a_newsroom_adds_and_overrides(tmp_path: Path) -> None:
    own = tmp_path / "publishers.toml"
    own.write_text(
        '[[publisher]]\nname = "Koran Lokal"\ntype = "newspaper"\ncountry = "ID"\nhosts = ["lokal.example"]\n'
        '[[publisher]]\nname = "Tempo"\ntype = "online_news"\nhosts = ["tempo.co"]\n'
    )
    mine = load_registry(own)
    assert mine.lookup("news.lokal.example").name == "Koran Lokal"  # type: ignore[union-attr]
    assert mine.lookup("tempo.co").type == "online_news"  # type: ignore[union-attr]
    assert mine.lookup("Reuters") is not None
    assert load_registry(tmp_path / "none.toml").lookup("Koran Lokal") is None


@pytest.mark.parametrize(
    "text",
    [
        "publisher = [",
        '[[publisher]]\ntype = "wire"\n',
        '[[publisher]]\nname = "X"\nrating = 5\n',
        '[[publisher]]\nname = "X"\nhosts = "x.example"\n',
        '[[publisher]]\nname = "X"\nhosts = ["reuters.com"]\n',
        '[[publisher]]\nname = "X"\naliases = ["AFP"]\n',
    ],
)
def test_a_list_that_cannot_be_used_says_so(tmp_path: Path, text: str) -> None:
    own = tmp_path / "publishers.toml"
    own.write_text(text)
    with pytest.raises(InputError):
        load_registry(own)
