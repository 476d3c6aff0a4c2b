"""robots.txt: which answers open a site, which close it, and for how long that is remembered."""

from __future__ import annotations

import pytest

from retrieval.errors import ConnectionFailed, RobotsDisallowed
from retrieval.guard import AddressPolicy
from retrieval.robots import ERROR_AGE, MAX_AGE, RobotsAnswer, RobotsCache

POLICY = AddressPolicy()


class Site:
    def __init__(self, *answers: RobotsAnswer) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.time = 0.0
        self.cache = RobotsCache(self.fetch, clock=lambda: self.time)

    def fetch(self, url: str) -> RobotsAnswer:
        self.asked.append(url)
        return self.answers[min(len(self.asked), len(self.answers)) - 1]

    def check(self, url: str) -> float:
        return self.cache.check(POLICY.target(url))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 429])
def test_4xx_means_allowed(status: int) -> None:
    assert Site(RobotsAnswer(status)).check("https://example.com/a") == 0.0


@pytest.mark.parametrize("status", [500, 502, 503])
def test_5xx_means_closed_and_is_asked_again_before_long(status: int) -> None:
    site = Site(RobotsAnswer(status), RobotsAnswer(200, ""))
    for _ in range(2):
        with pytest.raises(RobotsDisallowed):
            site.check("https://example.com/a")
    assert len(site.asked) == 1
    site.time += ERROR_AGE + 1
    assert site.check("https://example.com/a") == 0.0


def test_the_longest_match_wins() -> None:
    site = Site(RobotsAnswer(200, "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /*.pdf$\n"))
    site.check("https://example.com/a/b/c")
    for path in ("/a", "/a/c", "/x.pdf"):
        with pytest.raises(RobotsDisallowed):
            site.check(f"https://example.com{path}")
    site.check("https://example.com/x.pdf?y")


def test_our_own_group_beats_the_general_one() -> None:
    site = Site(
        RobotsAnswer(200, "User-agent: *\nDisallow: /\n\nUser-agent: saring\nDisallow: /mati\nCrawl-delay: 3\n")
    )
    assert site.check("https://example.com/a") == 3.0
    with pytest.raises(RobotsDisallowed):
        site.check("https://example.com/mati")


def test_rules_are_kept_per_origin_and_for_a_day_at_most() -> None:
    site = Site(RobotsAnswer(200, "User-agent: *\nDisallow: /x\n"))
    site.check("https://example.com/a")
    site.check("https://example.com/b")
    assert site.asked == ["https://example.com:443/robots.txt"]
    site.check("http://example.com/a")
    site.check("https://example.com:8443/a")
    assert len(site.asked) == 3
    assert MAX_AGE <= 24 * 3600
    site.time += MAX_AGE + 1
    site.check("https://example.com/a")
    assert len(site.asked) == 4


def test_a_failure_to_ask_passes_through_and_is_not_remembered() -> None:
    calls = 0

    def fetch(url: str) -> RobotsAnswer:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ConnectionFailed(url, "connection failed")
        return RobotsAnswer(404)

    cache = RobotsCache(fetch)
    target = POLICY.target("https://example.com/a")
    with pytest.raises(ConnectionFailed):
        cache.check(target)
    assert cache.check(target) == 0.0


def test_soft_404_in_html_closes_nothing() -> None:
    assert (
        Site(RobotsAnswer(200, "<!doctype html><title>Tidak ditemukan</title>")).check("https://example.com/a") == 0.0
    )
