from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from rich.cells import cell_len
from rich.console import Console

from checker.render.sources import print_sources
from checker.render.text import print_report, render_text
from checker.types import Report, Verdict


def printed(report: Report, **options: object) -> str:
    console = Console(file=StringIO(), **options)  # type: ignore[arg-type]
    print_report(report, console)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("width", [40, 80, 140])
def test_no_line_is_wider_than_asked_and_no_code_is_in_it(report: Report, width: int) -> None:
    text = render_text(report, width=width)
    assert max(map(cell_len, text.splitlines())) <= width
    assert "\x1b" not in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_each_claim_has_its_label_as_a_word_and_a_sign(report: Report) -> None:
    text = render_text(report)
    for label in ("✓ SUPPORTED", "✗ UNSUPPORTED", "? NEEDS A SOURCE", "! FAILED", "· NOT CHECKED"):
        assert label in text


def flat(text: str) -> str:
    """The words of the table's second column in their order."""
    return re.sub(r"\s+", " ", " ".join(line[18:] for line in text.splitlines()))


def test_an_editor_finds_who_said_it_and_what_the_source_says(report: Report) -> None:
    text = flat(render_text(report))
    assert "1. Trump tidak memberi tahu Putin sebelumnya Dmitry Peskov, juru bicara Kremlin" in text
    assert "“Trump had not told Putin of the strikes, Peskov said.” — A News · 23 June 2025 · supports" in text
    assert "As to the content, without the speaker’s own word: needs a source" in text
    assert "seorang sumber senior (unnamed source), via Reuters" in text
    assert "In context: Surat itu: surat Khamenei" in text
    assert "— src-1 · no date · supports" in text
    assert "On the speaker's word alone." in text


def test_origins_are_counted(report: Report) -> None:
    text = render_text(report)
    assert "2 independent" in text
    assert "0 independent" not in text


def test_both_sides_of_a_conflict_are_quoted_and_the_rest_is_counted(report: Report) -> None:
    text = flat(render_text(report))
    assert "“He handed over a letter.”" in text
    assert "“There was no written document.” — SKAI · 23 June 2025 · contradicts" in text
    assert "… and 2 more in the HTML and JSON reports" in text


def test_sources_have_a_section_of_their_own(report: Report) -> None:
    text = render_text(report, width=120)
    section = text[text.index("Who says so") :]
    assert "1. Dmitry Peskov, juru bicara Kremlin" in section
    assert "second hand" in section
    assert "Sources stand against each other:" in section
    assert "A News (broadcaster) · 23 June 2025 · says so" in section
    assert "3. seorang sumber senior (unnamed source)" in section
    assert "Who says so" not in render_text(replace(report, provenance=()))


def test_an_article_that_credits_nobody_is_told(report: Report) -> None:
    console = Console(file=StringIO())
    print_sources(replace(report, provenance=()), console)
    assert console.file.getvalue() == "The article credits nobody for what it claims.\n"  # type: ignore[attr-defined]


def test_failures_stand_beside_and_are_counted(report: Report) -> None:
    text = render_text(report)
    assert "while judging the evidence: no" in flat(text)
    assert "the quote is not in the article (BadReply)" in flat(text)
    assert (
        re.sub(r"\s+", " ", text)
        .rstrip()
        .endswith("7 claims: 1 supported · 2 unsupported · 1 needs a source · 2 failed · 1 not checked !")
    )


def test_markup_and_escapes_from_outside_are_only_text(report: Report) -> None:
    evil = replace(report.claims[0], text="[bold red]x[/bold red] [link=https://evil.example]y[/link] \x1b]0;owned\x07")
    outcome = report.outcomes[0]
    assert isinstance(outcome, Verdict)
    cited = replace(outcome.citations[0], quote="\x1b[2J\x9b5mgone :smile:", url="javascript:alert(1)")
    dirty = replace(report, claims=(evil,), outcomes=(replace(outcome, citations=(cited,)),), notes=("\x1b[31m[red]n",))
    text = render_text(dirty)
    assert "\x1b" not in text
    assert "\x9b" not in text
    assert "[bold red]x[/bold red]" in text
    assert ":smile:" in text
    coloured = printed(dirty, force_terminal=True, color_system="truecolor", width=80)
    assert "\x1b[2J" not in coloured
    assert "javascript:" not in coloured
    assert "evil.example" in coloured
    assert "\x1b]8;;https://evil.example" not in coloured


def test_a_terminal_gets_colour_and_links(report: Report) -> None:
    text = printed(report, force_terminal=True, color_system="standard", width=80)
    assert "\x1b[1;32m✓ SUPPORTED" in text
    assert "https://example.org/a?b=1&c=2" in text


def test_signs_are_ascii_where_the_terminal_knows_no_others(report: Report) -> None:
    buffer = BytesIO()
    console = Console(file=TextIOWrapper(buffer, encoding="ascii", errors="replace"), width=80)
    print_report(report, console)
    console.file.flush()
    assert b"+ SUPPORTED" in buffer.getvalue()
    assert b"x UNSUPPORTED" in buffer.getvalue()


def test_the_words_follow_the_language_asked_for(report: Report) -> None:
    text = render_text(report, language="id")
    assert "✓ DIDUKUNG" in text
    assert "7 klaim: 1 didukung" in text


def test_a_report_without_claims_says_so(report: Report) -> None:
    assert "No claims found." in render_text(replace(report, claims=(), outcomes=()))
