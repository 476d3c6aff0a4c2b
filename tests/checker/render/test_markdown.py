from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import html as lxml_html
from markdown_it import MarkdownIt

from checker.render.markdown import escape, render_markdown
from checker.types import Report, Verdict


def page(text: str) -> lxml_html.HtmlElement:
    """What a CommonMark reader with tables and raw HTML makes of it."""
    return lxml_html.fromstring("<div>" + MarkdownIt("commonmark").enable("table").render(text) + "</div>")


def test_it_reads_as_headings_claims_and_quotes(report: Report) -> None:
    made = page(render_markdown(report, language="en"))
    assert made.find("h1").text_content() == "Kremlin Bicara"
    headings = [heading.text_content() for heading in made.findall("h2")]
    assert headings[0] == "1. ✓ Supported"
    assert "3. ✗ Unsupported" in headings
    assert "6. ! Failed" in headings
    assert "! Failed" in headings
    quotes = [quote.text_content().strip() for quote in made.findall("blockquote")]
    assert quotes[0].startswith("“Trump had not told Putin of the strikes, Peskov said.”")
    assert "A News · 23 June 2025 · supports" in quotes[0]
    assert {link.get("href") for link in made.iter("a")} == {
        "https://example.org/article",
        "https://example.org/a?b=1&c=2",
    }


NASTY = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "![x](https://evil.example/p.png)",
    "<https://evil.example>",
    "# not a heading",
    "> not a quote",
    "1. not a list",
    "- not a list",
    "+ not a list",
    "* not a list",
    "=== ",
    "--- ",
    "`code` ```",
    "*a* _b_ **c** ~~d~~",
    "a | b",
    "&lt;script&gt; &#106;",
    "back\\slash \\",
    "[ref]: https://evil.example",
]


@pytest.mark.parametrize("nasty", NASTY)
def test_text_from_outside_is_never_markup(report: Report, nasty: str) -> None:
    outcome = report.outcomes[0]
    assert isinstance(outcome, Verdict)
    dirty = replace(
        report,
        article=replace(report.article, title=nasty, publisher=nasty, url=""),
        claims=(replace(report.claims[0], text=nasty, context=nasty),),
        outcomes=(
            replace(
                outcome,
                citations=(replace(outcome.citations[0], quote=nasty, publisher=nasty, url="", notes=(nasty,)),),
                notes=(nasty,),
            ),
        ),
        notes=(nasty,),
    )
    clear = replace(
        dirty,
        article=replace(dirty.article, title="x", publisher="x"),
        claims=(replace(dirty.claims[0], text="x", context="x"),),
        outcomes=(
            replace(
                outcome,
                citations=(replace(outcome.citations[0], quote="x", publisher="x", url="", notes=("x",)),),
                notes=("x",),
            ),
        ),
        notes=("x",),
    )
    made, expected = page(render_markdown(dirty)), page(render_markdown(clear))
    assert [element.tag for element in made.iter()] == [element.tag for element in expected.iter()]
    assert made.find("h1").text_content() == " ".join(nasty.split())
    assert " ".join(nasty.split()) in made.find("blockquote").text_content()


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "https://a@b/"])
def test_unsafe_addresses_are_not_linked(report: Report, url: str) -> None:
    outcome = report.outcomes[0]
    assert isinstance(outcome, Verdict)
    dirty = replace(
        report,
        article=replace(report.article, url=url),
        claims=report.claims[:1],
        outcomes=(replace(outcome, citations=(replace(outcome.citations[0], url=url),)),),
    )
    assert list(page(render_markdown(dirty)).iter("a")) == []


def test_an_address_cannot_end_its_link(report: Report) -> None:
    outcome = report.outcomes[0]
    assert isinstance(outcome, Verdict)
    url = "https://example.org/a_(b)<c>"
    dirty = replace(
        report,
        claims=report.claims[:1],
        outcomes=(replace(outcome, citations=(replace(outcome.citations[0], url=url),)),),
    )
    made = page(render_markdown(dirty))
    assert [link.get("href") for link in made.findall(".//blockquote//a")] == ["https://example.org/a_%28b%29%3Cc%3E"]


def test_sources_stand_with_their_claim(report: Report) -> None:
    made = page(render_markdown(report, language="en"))
    listed = [item.text_content() for item in made.iter("li")]
    assert "SKAI (state media), via Reuters, TASS · 23 June 2025 · says otherwise · own report" in listed
    paragraphs = [item.text_content() for item in made.iter("p")]
    assert "Who says so: not traced. No source in the store says so." in paragraphs


def test_escape_keeps_every_letter() -> None:
    assert page(escape("Rp1.884.000 (naik 2%) & “baik” — 50_000")).text_content().strip() == (
        "Rp1.884.000 (naik 2%) & “baik” — 50_000"
    )


def test_indonesian_words(report: Report) -> None:
    text = render_markdown(report, language="id")
    assert "✓ Didukung" in text
    assert "Bukti hingga 24 November 2026" in text
