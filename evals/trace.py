"""What a run must record so that its numbers can be traced: code, versions, machine."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

_PACKAGES = (
    *("saring", "numpy", "scikit-learn", "scipy", "ir-measures", "onnxruntime", "openvino", "tokenizers"),
    *("bm25s", "chromadb", "langchain", "sentence-transformers", "torch"),
)
_ANSWERING = ("retrieval", "checker", "evals/solvers")
_CODE = (".py", ".md", ".toml", ".json", ".txt")


def code_digest(root: Path = ROOT) -> str:
    """SHA-256 over the files that shape answers: code, prompts, word lists. Model weights have digests of their own."""
    total = hashlib.sha256()
    for path in _files(root / part for part in _ANSWERING):
        total.update(f"{path.relative_to(root).as_posix()}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _files(folders: Iterable[Path]) -> list[Path]:
    return sorted(
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in _CODE and path.is_file() and "render" not in path.parts and "cli" not in path.parts
    )


def commit(root: Path = ROOT) -> dict[str, Any]:
    """The checkout's commit and whether tracked files differ from it; both None where this is not a checkout."""
    head, status = _git(root, "rev-parse", "HEAD"), _git(root, "status", "--porcelain", "--untracked-files=no")
    return {"commit": head, "dirty": None if status is None else bool(status)}


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that can move a number."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, Any]:
    """The machine, as far as it bears on speed."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"system": platform.platform(terse=True), "cpu": _cpu(), "cores": cores, "memory_gib": _memory()}


def command() -> str:
    """The command line, without the path of the interpreter."""
    program = Path(sys.argv[0]).name
    return " ".join(["python -m evals" if program == "__main__.py" else program, *sys.argv[1:]])


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments
            ["git", "-C", str(root), *arguments],  # noqa: S607 - whichever git the user has
            capture_output=True, text=True, timeout=20, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _memory() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):
        return None
