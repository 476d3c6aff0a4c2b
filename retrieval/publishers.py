"""Who an outlet is: a registry of names and addresses, which a newsroom can extend.

The registry is `retrieval/data/publishers.toml`; a file of the same form named by `SARING_PUBLISHERS`, else
`publishers.toml` in the user's configuration folder, adds to it and overrides it by name. It holds facts (what kind of
outlet, where, whose), no ratings.
"""

from __future__ import annotations

import functools
import os
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from retrieval.errors import InputError


@dataclass(frozen=True, slots=True)
class Publisher:
    """One outlet.

    Attributes:
        name: As Saring writes it.
        type: `wire`, `state_media`, `official`, `newspaper`, `online_news`, `broadcaster`, `aggregator`, `ngo`,
            `academic`, `fact_checker`, `reference`, or `general` where that is not settled.
        country: ISO 3166-1 alpha-2, `UN` for bodies of the United Nations, empty where there is none.
        hosts: Where it publishes; subdomains belong to it.
        aliases: Other names it goes by.
        state_affiliated: Owned or run by a state.
        agency: A news agency, whose stories others print.
    """

    name: str
    type: str
    country: str = ""
    hosts: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    state_affiliated: bool = False
    agency: bool = False


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(min_length=1)
    type: str = Field(default="general", pattern=r"^[a-z_]+$")
    country: str = Field(default="", pattern=r"^([A-Z]{2})?$")
    hosts: list[str] = []
    aliases: list[str] = []
    state_affiliated: bool = False
    agency: bool = False


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    publisher: list[_Row] = []


@dataclass(frozen=True, slots=True)
class Registry:
    """Publishers by folded name and by host."""

    by_name: Mapping[str, Publisher]
    by_host: Mapping[str, Publisher]

    def lookup(self, name_or_host: str) -> Publisher | None:
        """Return the publisher of a name, a host or a URL, or None."""
        text = name_or_host.strip()
        if not text:
            return None
        return self.by_name.get(_fold(text)) or self._of_host(_host(text))

    def of_url(self, url: str) -> Publisher | None:
        """Return the publisher whose host a URL (or host) is, or None. Names are not looked at."""
        return self._of_host(_host(url))

    def _of_host(self, host: str) -> Publisher | None:
        labels = host.split(".")
        # The longest known suffix: factcheck.afp.com is AFP Fact Check, www.afp.com is AFP.
        for start in range(len(labels) - 1):
            known = self.by_host.get(".".join(labels[start:]))
            if known is not None:
                return known
        return None


def user_file() -> Path:
    """Path of the newsroom's own list, whether or not there is one."""
    named = os.environ.get("SARING_PUBLISHERS")
    if named:
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_config_dir("saring")) / "publishers.toml"


def load_registry(extra: Path | None = None) -> Registry:
    """Return the shipped registry, overridden and extended by the file `extra` if it exists.

    Raises:
        InputError: `extra` is not valid TOML of this form, or two outlets claim one name or host.
    """
    shipped = resources.files("retrieval").joinpath("data/publishers.toml").read_text("utf-8")
    rows = {_fold(row.name): row for row in _rows(shipped, "publishers.toml")}
    if extra is not None and extra.is_file():
        try:
            own = extra.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{extra} cannot be read ({error}); fix it or move it away") from error
        rows.update((_fold(row.name), row) for row in _rows(own, str(extra)))
    by_name: dict[str, Publisher] = {}
    by_host: dict[str, Publisher] = {}
    for row in rows.values():
        publisher = Publisher(
            row.name,
            row.type,
            row.country,
            tuple(row.hosts),
            tuple(row.aliases),
            row.state_affiliated,
            row.agency,
        )
        keys = [(by_name, _fold(name)) for name in (row.name, *row.aliases)]
        keys += [(by_host, host.lower()) for host in row.hosts]
        for table, key in keys:
            holder = table.setdefault(key, publisher)
            if holder is not publisher:
                raise InputError(f"{extra or 'publishers.toml'}: {key!r} is both {holder.name} and {publisher.name}")
    return Registry(MappingProxyType(by_name), MappingProxyType(by_host))


@functools.lru_cache(maxsize=1)
def registry() -> Registry:
    """Return the registry of this process: the shipped list with the newsroom's own over it."""
    return load_registry(user_file())


def lookup(name_or_host: str) -> Publisher | None:
    """Return the publisher of a name ("Aljazeera"), a host (`english.aljazeera.net`) or a URL, or None."""
    return registry().lookup(name_or_host)


def same_outlet(first: str, second: str) -> bool:
    """Return whether two names, hosts or URLs mean one outlet.

    Outlets that the registry does not know are the same where their names (or hosts) are, up to case and punctuation.
    """
    one, two = lookup(first), lookup(second)
    if one is not None or two is not None:
        return one is two
    return _bare(first) == _bare(second) != ""


def _rows(text: str, where: str) -> list[_Row]:
    try:
        return _File.model_validate(tomllib.loads(text)).publisher
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where} is not valid TOML ({error})") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{where}: {place}: {first['msg'].lower()}") from error


def _fold(name: str) -> str:
    """`The Jakarta Post`, `Jakarta-Post` and `jakarta post` to one key."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = re.sub(r"^\s*the\s+", "", plain)
    return "".join(c for c in plain if c.isalnum() or c == "+")


def _host(text: str) -> str:
    """The host of a URL or of what looks like one, else an empty string."""
    try:
        if "://" in text:
            return (urlsplit(text).hostname or "").rstrip(".")
    except ValueError:
        return ""
    host = text.split("/")[0].split(":")[0].strip().lower().rstrip(".")
    return host if re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host) else ""


def _bare(text: str) -> str:
    host = _host(text)
    return re.sub(r"^(www|m|amp)\.", "", host) if host else _fold(text)
