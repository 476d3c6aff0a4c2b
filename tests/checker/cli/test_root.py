from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import typer

import checker.cli.root as cli
from checker.errors import StoreEmpty
from retrieval.errors import StoreLocked

HEAVY = {
    "bm25s", "chromadb", "datasketch", "fastapi", "httpx", "jinja2", "langchain", "langchain_core", "numpy",
    "onnxruntime", "openvino", "pydantic", "pydantic_settings", "pypdf", "ray", "scipy", "sentence_transformers",
    "sklearn", "tokenizers", "torch", "trafilatura", "transformers",
}  # fmt: skip


def imported_by(arguments: list[str], home: Path) -> set[str]:
    code = f"""
import contextlib, io, sys
from checker.cli import main
with contextlib.redirect_stdout(io.StringIO()):
    code = main({arguments!r})
print(code, *sorted(sys.modules))
"""
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=3000)
    code_seen, *modules = made.stdout.split()
    assert code_seen == "0", made.stderr
    return set(modules)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["check", "--help"], ["evidence", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str], home: Path) -> None:
    modules = imported_by(arguments, home)
    assert "checker.cli.root" in modules
    # Typer itself brings pydantic as soon as a command has parameters.
    assert modules & HEAVY <= ({"pydantic"} if len(arguments) > 1 else set())


def test_help_imports_none_of_the_commands_it_lists(home: Path) -> None:
    modules = imported_by(["--help"], home)
    assert not [entry.target for entry in cli.COMMANDS.values() if entry.target.partition(":")[0] in modules]


def test_help_lists_every_command_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--help"]) == 0
    shown = capsys.readouterr().out
    for name, entry in cli.COMMANDS.items():
        assert name in shown
        assert entry.help.split()[0] in shown


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_every_command_can_be_loaded_and_describes_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.load(name).name == name
    assert cli.run([name, "--help"]) == 0
    assert f"saring {name}" in capsys.readouterr().out


def test_the_version_is_that_of_the_distribution(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out == f"saring {metadata.version('saring')}\n"


def test_without_a_command_the_help_is_shown_and_it_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([]) == cli.EXIT_BAD_INPUT
    assert "Usage: saring" in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["chek"], "No such command 'chek'; did you mean check?; see saring --help"),
        (["xyzzy"], "No such command 'xyzzy'; see saring --help"),
        (["--nope"], "see saring --help"),
        (["check", "--nope"], "see saring check --help"),
        (["check", "--as-of"], "requires an argument; see saring --help"),
        (["check", "a.txt", "b.txt"], "see saring check --help"),
        (["claims"], "see saring claims --help"),
        (["evidence", "nope"], "see saring evidence --help"),
    ],
)
def test_bad_usage_is_one_line_that_points_to_the_help(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(arguments) == cli.EXIT_BAD_INPUT
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("saring: error: ")
    assert says in output.err
    assert output.err.count("\n") == 1


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> object:
    """Puts a command of the test's own into the table: `command(function)`."""

    def put(function: object) -> None:
        app = typer.Typer(add_completion=False)
        app.command()(function)  # type: ignore[type-var]
        monkeypatch.setattr(sys.modules[__name__], "made", app, raising=False)
        monkeypatch.setitem(cli.COMMANDS, "probe", cli.Lazy(f"{__name__}:made", "For a test.", cli.PANEL_MORE))

    return put


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (StoreEmpty("the store is empty"), 2, "saring: error: the store is empty\n"),
        (StoreLocked("another process\nwrites \x1b[31mto it"), 2, "saring: error: another process writes [31mto it\n"),
        (KeyboardInterrupt(), 130, "saring: stopped\n"),
        (EOFError(), 130, "saring: stopped\n"),
        (
            ZeroDivisionError("by zero"),
            70,
            "saring: error: internal error: ZeroDivisionError: by zero; "
            "to see where, run it again with SARING_DEBUG=1\n",
        ),
    ],
)
def test_whatever_ends_a_command_is_a_code_and_one_line(
    error: BaseException, code: int, line: str, command: object, capsys: pytest.CaptureFixture[str]
) -> None:
    def probe() -> None:
        raise error

    command(probe)  # type: ignore[operator]
    assert cli.run(["probe"]) == code
    assert capsys.readouterr().err.removeprefix("\n") == line


@pytest.mark.parametrize("error", [StoreEmpty("the store is empty"), ZeroDivisionError("by zero")])
def test_the_traceback_is_there_for_those_who_ask(
    error: Exception, command: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def probe() -> None:
        raise error

    command(probe)  # type: ignore[operator]
    monkeypatch.setenv("SARING_DEBUG", "1")
    cli.run(["probe"])
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert "in probe" in shown


def test_a_commands_own_code_is_kept(command: object) -> None:
    def probe() -> None:
        raise typer.Exit(1)

    command(probe)  # type: ignore[operator]
    assert cli.run(["probe"]) == 1


class Entry:
    dist = None

    def __init__(self, name: str, value: str) -> None:
        self.name, self.value = name, value


def test_other_packages_add_commands_but_take_over_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(group: str) -> list[Entry]:
        assert group == "saring.commands"
        return [Entry("zeta", "other.zeta:app"), Entry("check", "evil:app"), Entry("eval", "evals.cli:app")]

    monkeypatch.setattr(metadata, "entry_points", found)
    names = cli.commands()
    assert list(names)[-2:] == ["eval", "zeta"]
    assert names["check"].target == "checker.cli.check:app"
    assert names["eval"].help == "Measure how often Saring is right."
    assert names["zeta"].help == "Added by other.zeta:app."


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
def test_a_reader_that_goes_away_is_not_an_error(home: Path) -> None:
    code = """
import sys
import typer
import checker.cli.root as cli

app = typer.Typer(add_completion=False)

@app.command()
def probe() -> None:
    for _ in range(100_000):
        sys.stdout.write("a line that nobody reads\\n")

made = app
sys.modules["made_up"] = sys.modules["__main__"]
cli.COMMANDS["probe"] = cli.Lazy("made_up:made", "", "")
sys.exit(cli.run(["probe"]))
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=300) == cli.EXIT_PIPE_CLOSED


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux")
def test_a_full_disk_is_one_line(home: Path) -> None:
    with Path("/dev/full").open("w") as full:
        made = subprocess.run(
            [
                sys.executable,
                "-c",
                "import sys; from checker.cli import main; sys.exit(main(['doctor', '-f', 'json']))",
            ],
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=3000,
            check=False,
        )
    assert made.returncode == cli.EXIT_INTERNAL
    assert made.stderr == b"saring: error: No space left on device\n"


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_in_a_real_process(home: Path) -> None:
    code = """
import sys
import checker.article
from checker.cli import main

read = checker.article.read_article

def ready(source):
    print("ready", flush=True)
    return read(source)

checker.article.read_article = ready
sys.exit(main(["check", "-"]))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, shown = process.communicate(timeout=300)
    assert process.returncode == cli.EXIT_INTERRUPTED
    assert shown.strip() == b"saring: stopped"


def test_the_entry_point_stays_a_function_however_often_it_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    # A submodule of the same name would take the function's place in the package on first import.
    import checker.cli

    for _ in range(2):
        assert checker.cli.main(["--version"]) == 0
    assert callable(checker.cli.main)
