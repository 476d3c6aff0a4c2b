"""`saring doctor`: what is configured, what works, what is missing, and the command that mends it.

Probes look and do not touch: nothing is sent over the network, no key is printed, no store is made.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from checker.judges.base import Hearing
    from checker.settings import Settings

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

State = Literal["ok", "off", "broken"]
"""`off` is something optional that is not there; only `broken` keeps Saring from checking an article."""

_SYMBOLS: dict[State, tuple[str, str]] = {"ok": ("✓", "green"), "off": ("–", "dim"), "broken": ("✗", "bold red")}
_FORMATS = ("text", "json")
_LEAST_PYTHON = (3, 11)
_LEAST_FREE = 200 * 1024 * 1024  # a store of 10,000 sources takes about that much

# What is read from the environment and is not a setting of a check.
_BESIDE = frozenset({"SARING_CONFIG", "SARING_DATA", "SARING_DEBUG", "SARING_PUBLISHERS"})

# What each extra is for; an extra that is not named here is listed without a word on it.
_EXTRAS = {
    "openai": "OpenAI and compatible servers as judge",
    "anthropic": "Anthropic models as judge",
    "google": "Google models as judge",
    "ollama": "local models through Ollama as judge",
    "sentence-transformers": "other embedding models",
    "openvino": "a faster run of the embedded models",
    "evals": "measuring how often Saring is right",
    "training": "making the embedded models anew",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        group: What it belongs to.
        name: What was looked at.
        detail: What was found. Never holds a key.
        fix: The command or change that mends it, empty where nothing needs mending.
    """

    group: str
    name: str
    state: State
    detail: str
    fix: str = ""


@app.command()
def doctor(
    store: Annotated[str | None, typer.Option("--store", metavar="PATH", help="Look at this evidence store.")] = None,
    format: Annotated[str, typer.Option("--format", "-f", metavar="FORMAT", help="text or json.")] = "text",
) -> None:
    """Say what is configured, what works, what is missing, and the command that mends it.

    Exit codes: 0 an article can be checked, 1 something keeps it from being checked.
    """
    from checker.cli.common import console, write_out
    from checker.errors import UnknownName

    if format not in _FORMATS:
        raise UnknownName("format", format, _FORMATS)
    findings = examine(store)
    if format == "json":
        from checker.render.json import dump, plain

        broken = sum(finding.state == "broken" for finding in findings)
        write_out(dump({"ok": not broken, "broken": broken, "findings": plain(findings)}) + "\n")
    else:
        _print(findings, console())
    if any(finding.state == "broken" for finding in findings):
        raise typer.Exit(1)


def examine(store: str | None = None) -> list[Finding]:
    """Look at everything.

    Args:
        store: The evidence store to look at; the configured one where None.

    Returns:
        What was found, in the order in which it is read. A probe that breaks is a finding, it does not raise.
    """
    from checker.errors import CheckerError
    from checker.settings import config_file, load_settings

    findings = list(_python())
    try:
        settings = load_settings(store=store)
    except CheckerError as error:
        findings.append(
            Finding("Settings", "settings", "broken", str(error), f"correct {config_file()} or the variable")
        )
        return findings
    probes: tuple[tuple[str, Callable[[Settings], Iterator[Finding]]], ...] = (
        ("Settings", _settings),
        ("Evidence store", _store),
        ("Models", _models),
        ("Chat models", _keys),
        ("Extras", _extras),
        ("Other", _other),
    )
    for group, probe in probes:
        try:
            findings.extend(probe(settings))
        except Exception as error:  # noqa: BLE001 - a doctor that dies of what it finds helps nobody
            findings.append(Finding(group, group.lower(), "broken", f"{type(error).__name__}: {error}", _advice(error)))
    return findings


def _python() -> Iterator[Finding]:
    import platform
    import sqlite3
    from importlib.metadata import version

    found = ".".join(str(part) for part in sys.version_info[:3])
    good = sys.version_info[:2] >= _LEAST_PYTHON
    yield Finding("Saring", "saring", "ok", version("saring"))
    yield Finding(
        "Saring",
        "Python",
        "ok" if good else "broken",
        f"{found} on {platform.system()} {platform.machine()}, {sys.prefix}",
        "" if good else "install Python 3.11 or newer and make the environment again",
    )
    yield Finding("Saring", "SQLite", "ok", sqlite3.sqlite_version)


def _settings(settings: Settings) -> Iterator[Finding]:
    from checker.settings import config_file
    from retrieval.connectors.run import environment_names

    path = config_file()
    yield Finding("Settings", "settings file", "ok" if path.is_file() else "off", _there(path, path.is_file()))
    named = sorted(name for name in os.environ if name.startswith("SARING_") and os.environ[name])
    if named:
        yield Finding("Settings", "environment", "ok", ", ".join(named))
    known = {f"SARING_{name}".upper() for name in type(settings).model_fields} | {*environment_names(), *_BESIDE}
    stray = [name for name in named if name not in known]
    if stray:
        detail = f"{', '.join(stray)}: no such setting, so it has no effect"
        yield Finding("Settings", "unknown names", "off", detail)
    yield Finding("Settings", "judge", "ok", settings.judge + (f" ({settings.model})" if settings.model else ""))


def _store(settings: Settings) -> Iterator[Finding]:
    from retrieval.embed import load_embedder
    from retrieval.errors import EmbedderMismatch, RetrievalError, StoreTooNew
    from retrieval.store import EvidenceStore

    group = "Evidence store"
    where = settings.store
    try:
        with EvidenceStore.open(where) as store:
            stats = store.stats()
    except StoreTooNew as error:
        yield Finding(group, "store", "broken", str(error), "pip install --upgrade saring")
        return
    except RetrievalError as error:
        yield Finding(group, "store", "broken", str(error), _advice(error))
        return
    if not stats.sources:
        state = "there is none yet" if not Path(where).expanduser().exists() else "it is empty"
        yield Finding(group, "store", "broken", f"{where}: {state}", f"saring evidence add FOLDER{_flag(where)}")
        yield from _disk(where)
        return
    yield Finding(group, "store", "ok", f"{where}: {stats.sources} sources, {_size(stats.size_bytes)}")
    languages = ", ".join(f"{count} {name or 'unknown'}" for name, count in stats.languages.items())
    yield Finding(group, "contents", "ok", f"{stats.passages} passages, {stats.origins} origins; {languages}")
    if stats.indexed and stats.indexed != stats.passages:
        detail = f"holds {stats.indexed} of {stats.passages} passages"
        yield Finding(group, "index", "off", detail, f"saring evidence reindex{_flag(where)}")
    else:
        detail = f"{stats.indexed} passages" if stats.indexed else "searched exactly, needs none at this size"
        yield Finding(group, "index", "ok", detail)
    try:
        embedder = load_embedder(settings.embedder)
        EvidenceStore.open(where, embedder=embedder).close()
    except EmbedderMismatch as error:
        yield Finding(group, "embedding", "broken", str(error), f"saring evidence reindex --embed{_flag(where)}")
    except RetrievalError as error:
        yield Finding(group, "embedding", "broken", str(error), _advice(error))
    else:
        yield Finding(group, "embedding", "ok", f"made with {embedder.name} ({embedder.digest[:40]}), as configured")
    yield from _disk(where)


def _disk(where: str) -> Iterator[Finding]:
    if re.match(r"https?://", where):
        return
    folder = Path(where).expanduser().absolute()
    standing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    writable = os.access(standing, os.W_OK | os.X_OK)
    free = shutil.disk_usage(standing).free
    if not writable:
        # Checking reads only; what cannot be done is adding.
        detail = f"{standing} cannot be written to: evidence cannot be added"
        yield Finding("Evidence store", "disk", "off", detail, "choose another folder with --store or SARING_STORE")
    elif free < _LEAST_FREE:
        yield Finding("Evidence store", "disk", "off", f"only {_size(free)} free", "free some space, or move the store")
    else:
        yield Finding("Evidence store", "disk", "ok", f"writable, {_size(free)} free")


def _models(settings: Settings) -> Iterator[Finding]:
    import checker
    import retrieval
    from retrieval.errors import ModelFileError
    from retrieval.modelfile import read_manifest

    roots = [Path(package.__file__ or "").parent for package in (retrieval, checker)]
    manifests = sorted(path for root in roots for path in root.glob("**/models/**/manifest.json"))
    for path in manifests:
        name = path.parent.name
        try:
            manifest = read_manifest(path.parent)
        except ModelFileError as error:
            fix = "pip install --force-reinstall --no-deps saring, or: git checkout -- " + str(path.parent)
            yield Finding("Models", name, "broken", str(error), fix)
        else:
            size = sum((path.parent / file).stat().st_size for file in manifest["files"])
            detail = f"{len(manifest['files'])} files match their checksums, {_size(size)}"
            yield Finding("Models", name, "ok", detail)
    yield from _judge(settings)


def _judge(settings: Settings) -> Iterator[Finding]:
    """Whether the configured judge can be opened. Nothing is sent to anyone by opening one."""
    from checker.errors import CheckerError
    from checker.judges import get_judge
    from retrieval.errors import RetrievalError

    try:
        judge = get_judge(settings.judge, settings)
    except (CheckerError, RetrievalError) as error:
        yield Finding("Models", f"judge {settings.judge}", "broken", str(error), _advice(error))
        return
    if settings.judge != "embedded":
        yield Finding("Models", f"judge {settings.judge}", "ok", f"{judge.name} can be opened (nothing was sent to it)")
        return
    judgement = judge.hear([_probe()]).judgements[0]
    if judgement.failure is not None:
        failure = judgement.failure
        yield Finding("Models", "judge embedded", "broken", f"{failure.error_type}: {failure.message}")
    else:
        said = ", ".join(stance.name for stance in judgement.stances)
        yield Finding("Models", "judge embedded", "ok", f"heard a sentence about itself, which it {said}")


def _probe() -> Hearing:
    """A claim and a passage that says the same."""
    from checker.judges.base import Hearing
    from checker.types import Claim
    from retrieval.types import Hit, Passage, Source

    text = "Vladimir Putin received Abbas Araghchi in Moscow."
    source = Source("probe", "", "", "", "", "", "en", None, "", (), "", text)
    hit = Hit(Passage("probe#0", "probe", 0, len(text), text), source, 1.0, 0.0, 1.0, 1, "probe")
    return Hearing(Claim("probe", text, text, 0, len(text)), (hit,))


def _keys(settings: Settings) -> Iterator[Finding]:
    from checker.errors import ModelUnavailable
    from checker.llm.model import KEYS, read_key

    for provider, variable in KEYS.items():
        try:
            there = bool(read_key(provider))
        except ModelUnavailable as error:
            yield Finding("Chat models", variable, "broken", str(error), f"correct {variable}_FILE")
        else:
            detail = "set (not shown)" if there else "not set; only needed for its models"
            yield Finding("Chat models", variable, "ok" if there else "off", detail)
    if settings.base_url:
        yield Finding("Chat models", "base_url", "ok", f"{_without_credentials(settings.base_url)} (not probed)")


def _extras(settings: Settings) -> Iterator[Finding]:  # noqa: ARG001 - one shape for all probes
    from importlib import metadata

    needed: dict[str, list[str]] = {}
    for line in metadata.requires("saring") or []:
        match = re.match(r"([A-Za-z0-9._-]+).*;.*\bextra\s*==\s*['\"]([^'\"]+)['\"]", line)
        if match and match[1].lower() != "saring":
            needed.setdefault(match[2], []).append(match[1])
    for extra, names in needed.items():
        if extra in {"test", "check", "dev"}:
            continue
        missing = [name for name in names if not _installed(name)]
        about = _EXTRAS.get(extra, "")
        if missing:
            detail = f"{', '.join(missing)} not installed" + (f"; for {about}" if about else "")
            yield Finding("Extras", extra, "off", detail, f'pip install "saring[{extra}]"')
        else:
            yield Finding("Extras", extra, "ok", about or "installed")


def _other(settings: Settings) -> Iterator[Finding]:  # noqa: ARG001
    data = Path(os.environ.get("SARING_DATA") or "../shared/data").expanduser()
    detail = f"{data} {'is there' if data.is_dir() else 'is not there'}; only the evals read it"
    fix = "" if data.is_dir() else "saring eval data get NAME, or set SARING_DATA"
    yield Finding("Other", "data sets", "ok" if data.is_dir() else "off", detail, fix)
    yield Finding("Other", "network", "off", "not probed: a check needs none")


def _flag(where: str) -> str:
    """The flag that a command needs to mean the store at `where`; empty where it would anyway."""
    import shlex

    from checker.settings import load_settings

    return "" if load_settings().store == where else f" --store {shlex.quote(where)}"


def _installed(distribution: str) -> bool:
    from importlib import metadata

    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


def _advice(error: Exception) -> str:
    """The command that an error's message ends with, if it does: house messages say what to do."""
    _, colon, command = str(error).rpartition(": ")
    return command if colon and command.split(" ", 1)[0] in {"saring", "pip", "set"} else ""


def _there(path: Path, there: bool) -> str:
    return f"{path}" if there else f"{path} (none, which is fine)"


def _without_credentials(url: str) -> str:
    return re.sub(r"//[^/@]*@", "//…@", url)


def _size(count: int) -> str:
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _print(findings: list[Finding], console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    from checker.render.base import clean_line

    table: Table | None = None
    group = ""
    for finding in findings:
        if finding.group != group:
            if table is not None:
                console.print(table)
            group = finding.group
            console.print(Text(group, style="bold"))
            table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1))
            table.add_column(width=3, justify="right")
            table.add_column(width=22, overflow="fold")
            table.add_column(ratio=1, overflow="fold")
        sign, style = _SYMBOLS[finding.state]
        cell = Text(clean_line(finding.detail))
        if finding.fix:
            cell.append(f"\n→ {clean_line(finding.fix)}", style="bold" if finding.state == "broken" else "")
        assert table is not None
        table.add_row(Text(sign, style=style), clean_line(finding.name), cell)
    if table is not None:
        console.print(table)
    broken = [finding for finding in findings if finding.state == "broken"]
    console.print()
    if broken:
        names = ", ".join(finding.name for finding in broken)
        console.print(Text(f"{len(broken)} to mend before an article can be checked: {names}", style="bold red"))
    else:
        console.print(Text("An article can be checked.", style="bold green"))
