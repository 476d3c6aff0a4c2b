"""Every setting: its name, default and help, and where its value came from.

A value is taken from the first of these that has one: a flag of the command line, the environment (`SARING_...`),
the settings file (`SARING_CONFIG`, else `saring.toml` in the user's configuration folder), the default below.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from checker.errors import SettingsError

OFFLINE_EXTRACTOR = "rules"

SERVING = frozenset(
    {
        "chat_history",
        "chat_characters",
        "database_url",
        "host",
        "port",
        "public_url",
        "trusted_hosts",
        "proxies",
        "oidc_issuer",
        "oidc_client_id",
        "oidc_client_secret",
        "oidc_role",
        "background",
        "user",
        "publisher_name",
        "publisher_url",
        "webhook_allow",
        "metrics_token",
        "log_format",
        "log_level",
        "otlp_endpoint",
    }
)
"""Settings of the server. They shape no check, and some are secret: they never enter a report."""


def config_file() -> Path:
    """Path of the settings file, whether or not there is one."""
    named = os.environ.get("SARING_CONFIG")
    if named:
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_config_dir("saring")) / "saring.toml"


def default_store() -> Path:
    """Where the evidence store is unless told otherwise: under the user's data folder."""
    import platformdirs

    return Path(platformdirs.user_data_dir("saring")) / "store"


def default_cache() -> Path:
    """Where the chat model's replies are kept unless told otherwise: under the user's cache folder."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("saring")) / "replies.sqlite3"


def default_database() -> str:
    """Where the review queue is kept unless told otherwise: under the user's data folder."""
    import platformdirs

    return str(Path(platformdirs.user_data_dir("saring")) / "queue.db")


class Settings(BaseSettings):
    """All settings of Saring. Immutable; every field can be set by `SARING_` + its upper-cased name."""

    model_config = SettingsConfigDict(env_prefix="SARING_", frozen=True, extra="ignore", env_ignore_empty=True)

    store: str = Field(
        default_factory=lambda: str(default_store()),
        description="Evidence store: a folder, or http://host:port of a Chroma server.",
    )
    embedder: str = Field(
        default="saring",
        description="Embedding model: 'saring' (embedded) or the name of a sentence-transformers model.",
    )
    extractor: str = Field(default="rules", description="What finds the claims: 'rules' (embedded) or 'llm'.")
    judge: str = Field(default="embedded", description="Who hears the evidence: 'embedded', 'llm' or 'cascade'.")
    model: str = Field(
        default="", description="Chat model of the LLM step, e.g. 'openai:gpt-5-mini' or 'ollama:qwen3'."
    )
    base_url: str = Field(default="", description="Base URL of an OpenAI-compatible server for the LLM step.")
    cache: str = Field(
        default_factory=lambda: str(default_cache()),
        description="File that keeps the chat model's replies and the day's spending; 'none' keeps nothing.",
    )
    max_calls: int = Field(default=0, ge=0, description="Most calls to the chat model per run; 0: no limit.")
    max_tokens: int = Field(default=0, ge=0, description="Most tokens of the chat model per run; 0: no limit.")
    daily_tokens: int = Field(default=0, ge=0, description="Most tokens of the chat model per day (UTC); 0: no limit.")
    concurrency: int = Field(default=16, ge=1, le=256, description="Most calls to the chat model at once.")
    calls_per_second: float = Field(default=0.0, ge=0, description="Most calls to start per second; 0: no limit.")
    call_timeout: float = Field(default=60.0, gt=0, description="Seconds one call to the chat model may take.")
    deadline: float = Field(default=600.0, gt=0, description="Seconds the chat model may take for a whole check.")
    explain: str = Field(default="", description="Folder that prompts and replies are written to; empty: nowhere.")
    settle: float = Field(
        default=0.9,
        ge=0.5,
        le=1,
        description="Cascade: the embedded judge settles a claim alone from this probability.",
    )
    dispute: float = Field(
        default=0.8,
        ge=0.5,
        le=1,
        description="Cascade: both judges must be this sure of opposite stances for a dispute.",
    )
    rerank: str = Field(
        default="",
        description="What reads the first 24 passages found for a claim again and reorders them: 'judge' (the embedded "
        "model) or the name of a sentence-transformers cross-encoder; empty: nothing.",
    )
    passages: int = Field(default=8, ge=1, le=64, description="How many passages are heard per claim.")
    support_threshold: float = Field(default=0.3, ge=0, le=1, description="Least probability for a source to support.")
    refute_threshold: float = Field(default=0.45, ge=0, le=1, description="Least probability for a source to refute.")
    outvote: int = Field(
        default=3, ge=2, description="How many times the origins of one side must outnumber the other's to hold alone."
    )
    threads: int = Field(default=0, ge=0, description="Threads of the embedded models; 0: as many as cores, at most 4.")
    retrieve: str = Field(default="", description="Connectors asked for claims that the store cannot answer, by comma.")
    fetch_contact: str = Field(default="", description="Contact (URL or e-mail) in the User-Agent of what is fetched.")
    fetch_allow: str = Field(default="", description="Private hosts that may be fetched from, by comma.")
    language: Literal["", "id", "en"] = Field(
        default="", description="Language of the interface; empty: the article's."
    )
    database_url: str = Field(
        default_factory=default_database,
        description="The review queue: a file, or postgresql://user@host/name.",
    )
    chat_history: int = Field(
        default=12, ge=1, le=200, description="Turns of a conversation that follow-ups and the chat model look back on."
    )
    chat_characters: int = Field(
        default=40_000, ge=200, le=400_000, description="Most characters of one message to the chat."
    )
    host: str = Field(default="127.0.0.1", description="Address that 'saring serve' listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port that 'saring serve' listens on; 0: a free one.")
    public_url: str = Field(
        default="", description="Where people reach the pages, e.g. https://saring.example.org; empty: host and port."
    )
    trusted_hosts: str = Field(default="", description="Further host names the pages answer to, by comma.")
    proxies: str = Field(
        default="", description="Addresses of proxies whose X-Forwarded headers are believed, by comma."
    )
    oidc_issuer: str = Field(default="", description="OpenID Connect: URL of the identity provider; empty: none.")
    oidc_client_id: str = Field(default="", description="OpenID Connect: id of this client at the provider.")
    oidc_client_secret: str = Field(default="", repr=False, description="OpenID Connect: secret of this client.")
    oidc_role: Literal["", "viewer", "checker", "editor"] = Field(
        default="", description="OpenID Connect: role of whoever signs in for the first time; empty: nobody is let in."
    )
    background: bool = Field(
        default=True, description="Whether 'saring serve' does the checks itself; else run 'saring queue work'."
    )
    user: str = Field(default="", description="Whom 'saring queue' acts for on this machine; --as NAME says it too.")
    publisher_name: str = Field(
        default="", description="Name of the newsroom, as the author of what is published; empty: 'Saring'."
    )
    publisher_url: str = Field(
        default="", description="The newsroom's site, on which published reviews have their address; empty: public_url."
    )
    metrics_token: str = Field(
        default="", description="Bearer token that opens /metrics to other machines; empty: to this machine only."
    )
    log_format: Literal["text", "json"] = Field(default="text", description="Shape of the server's log lines.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least level of the server's log lines."
    )
    otlp_endpoint: str = Field(
        default="", description="OpenTelemetry collector (OTLP over HTTP) that spans are sent to; empty: nowhere."
    )
    webhook_allow: str = Field(default="", description="Private hosts that webhooks may be sent to, by comma.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - fixed by pydantic-settings
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then the environment, then the settings file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=config_file())

    def public(self) -> dict[str, Any]:
        """The settings that shaped a check, as plain JSON values, for its report. Holds no secret."""
        private = {"cache", "explain", "fetch_contact", "fetch_allow", "language", "threads"}
        shown = self.model_dump(exclude=private | SERVING)
        return {**shown, "base_url": without_password(self.base_url), "store": without_password(self.store)}


def without_password(address: str) -> str:
    """An address as a report may show it: without the user and password that a URL may carry."""
    return re.sub(r"(?<=://)[^/\s]*@", "", address)


def load_settings(**flags: Any) -> Settings:
    """Read the settings.

    Args:
        flags: Values from the command line; None means "not given".

    Returns:
        The settings, validated.

    Raises:
        SettingsError: A value cannot be used, or the settings file cannot be read; names the setting and the source.
    """
    import tomllib

    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"setting {name!r} cannot be {first.get('input')!r}: {first['msg'].lower()}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"settings file {config_file()} is not valid TOML: {error}") from error
    except OSError as error:
        raise SettingsError(f"settings file {config_file()} cannot be read: {error.strerror or error}") from error
