from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from checker.cli.common import check_writable, choose_format, console, progress_bar, write_file, write_out
from checker.errors import OutputError, UnknownName


@pytest.mark.parametrize(
    ("name", "output", "chosen"),
    [
        (None, None, "text"),
        ("json", None, "json"),
        ("json", Path("a.html"), "json"),
        (None, Path("a.html"), "html"),
        (None, Path("a.HTM"), "html"),
        (None, Path("a.md"), "markdown"),
        (None, Path("a.json"), "json"),
        (None, Path("a"), "text"),
        (None, Path("a.txt"), "text"),
    ],
)
def test_the_format_is_the_one_asked_for_else_that_of_the_file(
    name: str | None, output: Path | None, chosen: str
) -> None:
    assert choose_format(name, output) == chosen


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(UnknownName, match="unknown format 'pdf'"):
        choose_format("pdf", Path("a.html"))


def test_a_file_is_written_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    write_file(target, "<p>é \ud800</p>\n")
    assert target.read_bytes() == "<p>é \\ud800</p>\n".encode()
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_that_was_there_keeps_its_permissions_and_its_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.txt", tmp_path / "link.txt"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    write_file(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_a_new_file_gets_the_permissions_of_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_file(tmp_path / "a", "x")
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_a_write_that_fails_leaves_the_old_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "report.txt"
    target.write_text("old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        write_file(target, "new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_device_is_written_to_and_not_replaced() -> None:
    write_file(Path(os.devnull), "gone")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
    check_writable(Path(os.devnull))


@pytest.mark.parametrize(
    ("name", "says"),
    [("no/such/report.html", "there is no folder"), (".", "it is a folder"), ("a" * 300, "cannot write to")],
)
def test_where_nothing_can_be_written_is_found_out_before_the_work(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(OutputError, match=says):
        check_writable(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_finding_out_leaves_nothing_behind(tmp_path: Path) -> None:
    check_writable(tmp_path / "report.html")
    check_writable(None)
    assert list(tmp_path.iterdir()) == []


def test_a_document_goes_out_as_utf8(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write_out("é ✓\n")
    assert capfdbinary.readouterr().out == "é ✓\n".encode()


def test_no_progress_where_nobody_is_looking(capfd: pytest.CaptureFixture[str]) -> None:
    with progress_bar() as progress:
        assert progress is None
    assert capfd.readouterr() == ("", "")


def test_progress_on_a_terminal_goes_to_stderr(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar() as progress:
        assert progress is not None
        progress("judge", 0, 3)
        progress("judge", 3, 3)
        progress("something new", 1, 1)
    output = capfd.readouterr()
    assert output.out == ""
    assert "Judging the evidence" in output.err


def test_the_console_reads_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    console().print("[bold]x[/bold] :smile:")
    assert capsys.readouterr().out == "[bold]x[/bold] :smile:\n"
