"""Prompts: one Markdown file each under `checker/prompts`, with a version; their digest goes into every report."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from checker.errors import UnknownName

_USER = "\n---user---\n"


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt as it is in its file.

    Attributes:
        digest: First 12 hex digits of the SHA-256 of the file: two prompts of one version that differ, differ here.
    """

    name: str
    version: int
    system: str
    user: str
    digest: str

    @property
    def label(self) -> str:
        """What reports record, e.g. `judge@1:0f3a…`."""
        return f"{self.name}@{self.version}:{self.digest}"

    def render(self, **values: str) -> tuple[str, str]:
        """Fill in both parts.

        Only the placeholders of the prompt itself are filled, each once and in one pass: a value that looks like a
        placeholder stays what it is.

        Returns:
            The system and the user message.
        """

        def fill(template: str) -> str:
            return re.sub(r"\{([a-z_]+)\}", lambda found: values.get(found[1], found[0]), template)

        return fill(self.system), fill(self.user)


def prompt_names() -> list[str]:
    """Names of the prompts that ship, sorted."""
    folder = resources.files("checker") / "prompts"
    return sorted(item.name.removesuffix(".md") for item in folder.iterdir() if item.name.endswith(".md"))


@lru_cache
def load_prompt(name: str) -> Prompt:
    """Read a prompt.

    Raises:
        UnknownName: There is none of that name.
    """
    if name not in prompt_names():
        raise UnknownName("prompt", name, prompt_names())
    text = (resources.files("checker") / "prompts" / f"{name}.md").read_text(encoding="utf-8")
    head = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    if head is None or _USER not in text:
        raise ValueError(f"prompt {name} lacks its header or its user part")
    fields = dict(line.split(": ", 1) for line in head[1].splitlines())
    system, user = text[head.end() :].split(_USER, 1)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return Prompt(fields["name"], int(fields["version"]), system.strip(), user.strip(), digest)
