"""Opening a chat model: any that LangChain reaches, keys from the environment or a key file only."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.errors import ModelUnavailable
from retrieval.errors import MissingExtra

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

EXTRAS = {
    "openai": "openai",
    "azure_openai": "openai",
    "anthropic": "anthropic",
    "google_genai": "google",
    "ollama": "ollama",
}
"""The extra of `saring` that brings each vendor's client."""

KEYS = {
    "openai": "OPENAI_API_KEY",
    "azure_openai": "AZURE_OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "google_genai": "GOOGLE_API_KEY",
}
"""The variable each vendor's key is read from. A file named by `<VARIABLE>_FILE` serves as well."""


def split_name(model: str) -> tuple[str, str]:
    """Split `provider:name`.

    Raises:
        ModelUnavailable: It has no provider.
    """
    provider, _, name = model.partition(":")
    if not provider or not name:
        raise ModelUnavailable(
            "no chat model is named; give one as provider:name, e.g. --model openai:gpt-5-mini or --model ollama:qwen3"
        )
    return provider, name


def read_key(provider: str) -> str | None:
    """The key of a provider, from its variable or the file that `<VARIABLE>_FILE` names; None where there is none.

    Raises:
        ModelUnavailable: A key file is named that cannot be read. The message never holds a key.
    """
    variable = KEYS.get(provider)
    if variable is None:
        return None
    if key := os.environ.get(variable):
        return key.strip()
    named = os.environ.get(f"{variable}_FILE")
    if not named:
        return None
    try:
        return Path(named).expanduser().read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelUnavailable(f"the key file {named} ({variable}_FILE) cannot be read") from error


def open_chat_model(model: str, *, base_url: str = "", timeout: float = 60.0) -> BaseChatModel:
    """Open a chat model. Nothing is sent.

    Retries are off in the vendor's client: `checker.llm.caller` owns them, so that they do not multiply.

    Args:
        model: `provider:name` as LangChain's `init_chat_model` takes it.
        base_url: Of an OpenAI-compatible server (vLLM, llama.cpp, LM Studio); such a server needs no key.
        timeout: Seconds a single call may take.

    Raises:
        ModelUnavailable: No model is named, or its key is missing; says which variable to set.
        MissingExtra: The vendor's client is not installed; carries the command.
    """
    provider, name = split_name(model)
    if base_url and not re.match(r"https?://[^/\s]", base_url):
        raise ModelUnavailable(f"{base_url!r} is no base URL; give one like http://127.0.0.1:8000/v1")
    key = read_key(provider)
    if key is None and provider in KEYS:
        if not base_url:
            raise ModelUnavailable(f"no key for {provider}: set {KEYS[provider]} or {KEYS[provider]}_FILE")
        key = "none"  # local servers ask for none, but the client insists on one
    options: dict[str, Any] = {"max_retries": 0, "timeout": timeout, "temperature": 0}
    if provider == "ollama":
        options = {"temperature": 0, "client_kwargs": {"timeout": timeout}}
    if provider == "google_genai":
        options["max_retries"] = 1  # Google's client takes 0 for "as usual", which is five tries
    if key is not None:
        options["api_key"] = key
    if base_url:
        options["base_url"] = base_url
    try:
        from langchain.chat_models import init_chat_model

        opened = init_chat_model(name, model_provider=provider, **options)
    except ImportError as error:
        if provider in EXTRAS:
            raise MissingExtra(f"the client for {provider}", EXTRAS[provider]) from error
        raise ModelUnavailable(f"LangChain needs another package for {provider}: {error}") from error
    except ValueError as error:
        raise ModelUnavailable(f"cannot open chat model {model}: {' '.join(str(error).split())[:200]}") from error
    profile = getattr(opened, "profile", None) or {}
    if profile.get("temperature") is False and getattr(opened, "temperature", None) is not None:
        # Reasoning models refuse the parameter.
        opened = opened.model_copy(update={"temperature": None})
    return opened  # type: ignore[no-any-return]
