from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from checker.render.base import clean, rows
from checker.render.html import blocks, render_html
from checker.types import Article, Claim, Report, Verdict


def page(report: Report, language: str = "en") -> lxml_html.HtmlElement:
    return lxml_html.document_fromstring(render_html(report, language=language))


def hashed(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


class TestSelfContained:
    def test_the_policy_allows_this_style_and_this_script_and_nothing_else(self, report: Report) -> None:
        made = page(report)
        policy = made.xpath('//meta[@http-equiv="Content-Security-Policy"]/@content')[0]
        directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
        assert directives == {
            "default-src": "'none'",
            "img-src": "data:",
            "style-src": f"'{hashed(made.find('.//style').text)}'",
            "script-src": f"'{hashed(made.find('.//script').text)}'",
            "base-uri": "'none'",
            "form-action": "'none'",
        }
        # A policy in a meta element binds only what follows it.
        assert made.find("head")[1].get("http-equiv") == "Content-Security-Policy"

    def test_nothing_is_fetched(self, report: Report) -> None:
        made = page(report)
        assert made.xpath("//@src | //@srcset | //@background | //@poster | //@action") == []
        assert made.xpath("//link/@href") == ["data:,"]
        assert made.xpath("//*[self::img or self::iframe or self::object or self::embed or self::form]") == []
        assert "url(" not in made.find(".//style").text
        assert "@import" not in made.find(".//style").text
        assert not re.search(r"fetch|XMLHttpRequest|import\(", made.find(".//script").text)

    def test_no_style_or_handler_sits_on_an_element(self, report: Report) -> None:
        made = page(report)
        attributes = {name for element in made.iter() if isinstance(element.tag, str) for name in element.attrib}
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]


class TestStructure:
    def test_every_anchor_leads_somewhere_and_every_id_is_given_once(self, report: Report) -> None:
        made = page(report)
        ids = made.xpath("//@id")
        assert len(ids) == len(set(ids))
        for target in made.xpath('//a/@href[starts-with(., "#")]'):
            assert target[1:] in ids
        for label in made.xpath("//@aria-labelledby"):
            assert label in ids

    def test_every_claim_has_a_number_in_the_text_and_a_card(self, report: Report) -> None:
        made = page(report)
        for row in rows(report):
            (mark,) = made.xpath(f'//main//a[@id="t{row.number}"]')
            assert mark.get("href") == f"#c{row.number}"
            assert row.status in mark.get("class").split()
            (card,) = made.xpath(f'//article[@id="c{row.number}"]')
            assert row.claim.text in card.text_content()

    def test_tab_stops_are_the_numbers_in_reading_order(self, report: Report) -> None:
        made = page(report)
        stops = [link.get("data-claim") for link in made.xpath('//main//a[not(@tabindex="-1")]')]
        assert stops == ["1", "2", "3", "4", "5", "6"]

    def test_the_label_of_a_claim_is_a_word_for_those_who_hear_the_page(self, report: Report) -> None:
        made = page(report)
        assert made.xpath('//a[@id="t3"]/@aria-label') == ["Claim 3: unsupported"]
        assert made.xpath('//a[@id="t6"]/@aria-label') == ["Claim 6: failed"]

    def test_the_card_says_what_the_report_says(self, report: Report) -> None:
        made = page(report)
        one = " ".join(made.get_element_by_id("c1").text_content().split())
        assert "Dmitry Peskov, juru bicara Kremlin" in one
        assert "2 independent origins" in one
        assert "confidence 90 %" in one
        assert "without the speaker’s own word: ? needs a source" in one
        assert "A News ↗ 23 June 2025 supports origin 1" in one
        assert "src-1 ↗ no date supports origin 2" in one
        assert "On the speaker's word alone." in one
        assert "second hand Others say so" in one
        assert "Sources stand against each other:" in one
        assert "SKAI (state media), via Reuters, TASS · 23 June 2025 · says otherwise · own report" in one
        three = " ".join(made.get_element_by_id("c3").text_content().split())
        assert "The judges disagree" in three
        assert "shown, but did not count" in three
        assert "Published after the as-of date." in three
        assert "Surat itu: surat Khamenei" in three
        assert "unnamed source" in three
        assert "not traced No source in the store says so." in three
        assert (
            "judging the evidence: no answer within 60 s (TimeoutError)" in made.get_element_by_id("c6").text_content()
        )
        assert "not checked: it is opinion" in made.get_element_by_id("c5").text_content()
        assert "the quote is not in the article" in made.get_element_by_id("all").text_content()

    def test_the_tally_counts_failures(self, report: Report) -> None:
        tally = [" ".join(item.text_content().split()) for item in page(report).xpath('//ul[@class="tally"]/li')]
        assert tally == ["1 ✓ supported", "2 ✗ unsupported", "1 ? needs a source", "2 ! failed", "1 · not checked"]

    def test_languages_are_marked(self, report: Report) -> None:
        made = page(report, "id")
        assert made.get("lang") == "id"
        assert made.find(".//main").get("lang") == "id"
        assert made.xpath('//article[@id="c1"]//blockquote/@lang') == ["en", "id"]
        assert "didukung" in made.get_element_by_id("c1").text_content()

    def test_kicker_and_headline_are_told_from_the_text(self, report: Report) -> None:
        made = page(report)
        assert made.xpath('//main/*[@class="kicker"]')[0].text_content() == "KABAR LUAR NEGERI"
        assert [head.text_content() for head in made.iter("h1")] == ["Kremlin Bicara"]

    def test_a_title_that_is_not_in_the_text_stands_above_it(self, report: Report) -> None:
        made = page(replace(report, article=replace(report.article, title="Judul Lain")))
        assert [head.text_content() for head in made.iter("h1")] == ["Judul Lain"]

    def test_a_report_without_claims_is_a_page(self, report: Report) -> None:
        made = page(replace(report, claims=(), outcomes=(), notes=()))
        assert made.xpath('//article[contains(@class, "card")]') == []
        assert "Trump tidak memberi tahu" in made.find(".//main").text_content()

    def test_where_the_store_lies_is_not_told(self, report: Report) -> None:
        text = render_html(replace(report, settings={"store": "/home/someone/private", "judge": "embedded"}))
        assert "someone" not in text
        assert "<dt>judge</dt>" in text

    def test_a_claim_without_a_place_in_the_text_still_has_its_card(self, report: Report) -> None:
        lost = replace(report.claims[0], start=-1, end=-1)
        made = page(replace(report, claims=(lost,), outcomes=report.outcomes[:1]))
        assert made.xpath('//article[@id="c1"]')
        assert made.xpath('//main//a[@class="mark"]') == []


EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>\x00\u202e{{ 7*7 }}</title></style>'


def soiled(report: Report, url: str) -> Report:
    """The report with the worst in every text that comes from outside."""
    outcomes = []
    for outcome in report.outcomes:
        if isinstance(outcome, Verdict):
            citations = tuple(
                replace(item, quote=EVIL, publisher=EVIL, source_id=EVIL, published_at=EVIL, url=url, notes=(EVIL,))
                for item in outcome.citations
            )
            outcomes.append(replace(outcome, citations=citations, notes=(EVIL,), judge=EVIL))
        else:
            outcomes.append(replace(outcome, message=EVIL, error_type=EVIL))  # type: ignore[arg-type]
    text = EVIL + report.article.text
    claims = tuple(
        replace(
            claim,
            text=EVIL,
            context=EVIL,
            start=claim.start,
            end=claim.end,
            attribution=claim.attribution and replace(claim.attribution, speaker=EVIL, role=EVIL, outlet=EVIL),
        )
        for claim in report.claims
    )
    article = replace(
        report.article, text=text, title=EVIL, publisher=EVIL, url=url, published_at=EVIL, language='id" onload="x'
    )
    provenance = tuple(
        replace(
            trace,
            speaker=EVIL,
            outlet=EVIL,
            witnesses=tuple(
                replace(item, publisher=EVIL, publisher_type=EVIL, via=(EVIL,), url=url, published_at=EVIL)
                for item in trace.witnesses
            ),
        )
        for trace in report.provenance
    )
    return replace(
        report,
        provenance=provenance,
        article=article,
        claims=claims,
        outcomes=tuple(outcomes),
        notes=(EVIL,),
        versions={EVIL: EVIL},
        settings={EVIL: EVIL},
        as_of=EVIL,
        created_at=EVIL,
    )


class TestHostileText:
    @pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", '"><script>', "https://a/\u202e"])
    def test_nothing_from_outside_becomes_part_of_the_page(self, report: Report, url: str) -> None:
        text = render_html(soiled(report, url), language="id")
        made = lxml_html.document_fromstring(text)
        assert len(made.xpath("//script")) == 1
        assert len(made.xpath("//style")) == 1
        assert made.xpath("//img") == []
        assert not [name for element in made.iter() for name in element.attrib if name.startswith("on")]
        assert {href.split(":")[0] for href in made.xpath("//a/@href") if not href.startswith("#")} == set()
        assert "\x00" not in text
        assert "\u202e" not in text
        assert "49" not in made.get_element_by_id("c1").text_content()
        assert "{{ 7*7 }}" in made.get_element_by_id("c1").text_content()

    def test_links_to_pages_open_apart_and_tell_nothing(self, report: Report) -> None:
        links = page(report).xpath('//a[starts-with(@href, "http")]')
        assert links
        for link in links:
            assert {"noopener", "noreferrer"} <= set(link.get("rel").split())
            assert link.get("target") == "_blank"


@st.composite
def articles(draw: st.DrawFn) -> tuple[str, list[tuple[int, int]]]:
    text = draw(st.text(alphabet=st.sampled_from("ab .\n<&é\U0001f54a"), min_size=1, max_size=60))
    spans = draw(
        st.lists(
            st.tuples(st.integers(-2, len(text) + 2), st.integers(-2, len(text) + 2)).map(
                lambda pair: tuple(sorted(pair))
            ),
            max_size=8,
        )
    )
    return text, [(start, end) for start, end in spans]


class TestSpans:
    @settings(max_examples=150, deadline=None)
    @given(articles())
    def test_any_spans_leave_the_text_whole_and_mark_what_they_cover(
        self, drawn: tuple[str, list[tuple[int, int]]]
    ) -> None:
        text, spans = drawn
        claims = tuple(
            Claim(f"c{number}", "x", text[max(start, 0) : max(end, 0)], start, end)
            for number, (start, end) in enumerate(spans)
        )
        article = Article("a", "", "", "", None, "id", text)
        report = Report("r", article, claims, (), {}, {}, "", "", 0.0)
        found = rows(report)
        made = blocks(report, found)
        lines = [line for line in text.split("\n") if clean(line).strip()]
        assert ["".join(segment.text for segment in block.segments) for block in made] == lines
        # Which characters each claim marks, counted without the lines that are not shown.
        marked = {row.number: 0 for row in found}
        ends = {row.number: 0 for row in found}
        for block in made:
            for segment in block.segments:
                for row in segment.rows:
                    marked[row.number] += len(segment.text)
                for row in segment.ends:
                    ends[row.number] += 1
                shortest = [row.claim.end - row.claim.start for row in segment.rows]
                assert shortest == sorted(shortest)
        for row in found:
            start, end = row.claim.start, row.claim.end
            valid = 0 <= start < end <= len(text)
            expected = 0
            position = 0
            for line in text.split("\n"):
                if clean(line).strip() and valid:
                    expected += max(0, min(end, position + len(line)) - max(start, position))
                position += len(line) + 1
            assert marked[row.number] == expected
            assert ends[row.number] <= 1


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_the_contrast_that_wcag_aa_asks_for(report: Report, scheme: str) -> None:
    style = page(report).find(".//style").text
    light, dark = re.findall(r":root \{([^}]*)\}", style)[:2]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light))
    if scheme == "dark":
        colours |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", dark))
    statuses = ("supported", "unsupported", "needs_source", "failed", "unchecked")
    pairs = [("ink", "paper"), ("ink", "sheet"), ("soft", "paper"), ("soft", "sheet"), ("accent", "paper")]
    for status in statuses:
        # Label on its tint, label on the page, article text on the tint, and the selected claim inverted.
        pairs += [(status, f"{status}-tint"), (status, "paper"), (status, "sheet"), ("ink", f"{status}-tint")]
    for text, ground in pairs:
        assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    assert contrast(colours["focus"], colours["paper"]) >= 3


def test_segments_of_a_line_follow_each_other(report: Report) -> None:
    for block in blocks(report, rows(report)):
        for left, right in pairwise(block.segments):
            assert left.rows != right.rows or left.ends
