"""Identity of sources: how a document of evidence gets its id, and how two texts are known to be the same.

An id must survive a second fetch of the same page, so it comes from the address where there is one; a text without an
address is identified by its words. Neither depends on time, process or machine.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}

# Parameters that say how a reader came to a page, never which page it is.
_TRACKING = re.compile(
    r"^(utm_\w+|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|igshid|mc_[ce]id|_ga|cmpid|ref_src|source_feed)$",
    re.IGNORECASE,
)


def normalise_text(text: str) -> str:
    """Return `text` in NFC with every run of white space as one space, ends stripped."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def content_hash(text: str) -> str:
    """Return the SHA-256 (64 hex digits) of the white-space-normalised text."""
    return hashlib.sha256(normalise_text(text).encode("utf-8", "surrogatepass")).hexdigest()


def normalise_url(url: str) -> str:
    """Return one spelling for addresses that name the same page.

    Scheme and host are lower case, the default port, the fragment, tracking parameters and a trailing slash go, and
    parameters are sorted. `http` and `https` count as one page. A URL that cannot be parsed is returned stripped.
    The result is for comparing and hashing, not for fetching.
    """
    stripped = url.strip()
    try:
        parts = urlsplit(stripped)
        port = parts.port
    except ValueError:
        return stripped
    if parts.scheme.lower() not in _DEFAULT_PORTS or not parts.hostname:
        return stripped
    host = parts.hostname.rstrip(".")
    if port is not None and port not in _DEFAULT_PORTS.values():
        host = f"{host}:{port}"
    query = urlencode(
        sorted((k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.match(k))
    )
    # "%" is safe so that a path that is already percent-encoded is not encoded twice.
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~-._").rstrip("/")
    return urlunsplit(("https", host, path, query, ""))


def source_id(url: str, text: str) -> str:
    """Return the id of a source: `src-` and 16 hex digits of the SHA-256 of its normalised URL, else of its text."""
    address = normalise_url(url)
    basis = hashlib.sha256(address.encode("utf-8", "surrogatepass")).hexdigest() if address else content_hash(text)
    return f"src-{basis[:16]}"
