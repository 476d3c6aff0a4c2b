"""Runs a parser of hostile bytes in a child process with limits on memory, processor time and wall time.

PDF and XML have parsers that an input can drive into gigabytes or minutes. The child is a fresh interpreter (a fork
would take locks of other threads with it), gets no environment beyond what an interpreter needs (API keys least of
all), sets its own limits before it reads a byte, and answers in JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrieval.errors import BrokenDocument, ExtractError, ExtractLimit

_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from retrieval.parsers import main; main(sys.argv[2:])"
)
_ENVIRONMENT = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "TMPDIR", "TEMP", "LD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may cost.

    Attributes:
        memory: Bytes of address space of the child, interpreter included.
        cpu: Seconds of processor time.
        wall: Seconds until the child is killed, whatever it does.
        output: Characters of text that are kept; a longer document is refused.
    """

    memory: int = 768 * 2**20
    cpu: int = 20
    wall: float = 40.0
    output: int = 4_000_000


def parse_in_child(kind: str, data: bytes, name: str, limits: Limits | None = None) -> dict[str, Any]:
    """Return what the parser `kind` of `retrieval.parsers` makes of `data`.

    Args:
        kind: `pdf`, `xml` or `feed`.
        data: The document.
        name: What to call it in messages.
        limits: What it may cost.

    Raises:
        BrokenDocument: The document is damaged, encrypted or hostile.
        ExtractLimit: It took more than `limits` allows.
        ExtractError: The child failed in another way.
    """
    limits = limits or Limits()
    numbers = [str(limits.memory), str(limits.cpu), str(limits.output)]
    # Not "", the current folder, which may be anyone's; the package itself may have been found through it.
    places = [*(place for place in sys.path if place), str(Path(__file__).parents[1])]
    command = [sys.executable, "-P", "-c", _BOOT, json.dumps(places), kind, *numbers]
    environment = {key: os.environ[key] for key in _ENVIRONMENT if key in os.environ}
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module, no shell
            command, input=data, capture_output=True, timeout=limits.wall, env=environment, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ExtractLimit(f"{name} takes more than {limits.wall:g} seconds to read; split it") from error
    except OSError as error:
        raise ExtractError(f"{name} cannot be read: no child process could be started ({error})") from error
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        answer = None
    if isinstance(answer, dict) and "error" not in answer and done.returncode == 0:
        return answer
    if isinstance(answer, dict) and answer.get("error") == "broken":
        raise BrokenDocument(f"{name} {answer.get('why', 'is damaged')}")
    if isinstance(answer, dict) and answer.get("error") == "limit":
        raise ExtractLimit(f"{name} {answer.get('why', 'is too large to read')}")
    if done.returncode < 0 or b"MemoryError" in done.stderr:  # killed by a limit
        raise ExtractLimit(f"{name} takes too much memory or processor time to read; split it")
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit status {done.returncode}"]
    raise ExtractError(f"{name} cannot be read ({lines[-1][:200]})")
