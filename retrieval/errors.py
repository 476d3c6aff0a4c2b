"""Everything that can go wrong in `retrieval`, as one tree. Imports no sibling.

    RetrievalError
    ├── InputError              a file, card or URL that was handed in cannot be used
    ├── MissingExtra            an optional dependency is not installed (carries the command that installs it)
    ├── ModelFileError          a shipped model file is missing or does not match its checksum
    ├── StoreError              the evidence store
    │   ├── StoreLocked         another process is writing to it
    │   ├── StoreReadOnly       it cannot be written to
    │   ├── StoreTooNew         it was written by a newer version of Saring
    │   ├── StoreDamaged        its text database (not merely its index) cannot be read
    │   ├── StoreUnavailable    a store on a server cannot be reached
    │   └── EmbedderMismatch    it was built with another embedding model
    ├── SourceNotFound          no source of that id
    ├── FetchError              a URL could not be fetched
    ├── ExtractError            bytes could not be turned into a text
    └── ConnectorError          a place evidence comes from did not answer as it should

Each error's message is one line that says what is wrong and what to do about it. Exit codes and HTTP statuses are
given at the edges (`checker.cli`, `checker.web`), not here.
"""

from __future__ import annotations


class RetrievalError(Exception):
    """Base of every error that `retrieval` raises on purpose."""


class InputError(RetrievalError):
    """A file, card or URL that was handed in cannot be used."""


class MissingExtra(RetrievalError):
    """An optional dependency is not installed.

    Attributes:
        extra: Name of the extra of the distribution `saring` that brings it.
    """

    def __init__(self, what: str, extra: str) -> None:
        self.extra = extra
        super().__init__(f'{what} is not installed; install it with: pip install "saring[{extra}]"')


class ModelFileError(RetrievalError):
    """A shipped model file is missing or does not match its checksum."""


class StoreError(RetrievalError):
    """The evidence store cannot do what was asked."""


class StoreLocked(StoreError):
    """Another process is writing to the store."""


class StoreReadOnly(StoreError):
    """The store cannot be written to."""


class StoreTooNew(StoreError):
    """The store was written by a newer version of Saring."""


class StoreDamaged(StoreError):
    """The store's text database (not merely its index) cannot be read."""


class StoreUnavailable(StoreError):
    """A store on a server cannot be reached."""


class EmbedderMismatch(StoreError):
    """The store was built with another embedding model."""


class SourceNotFound(RetrievalError):
    """No source of that id is in the store."""


class FetchError(RetrievalError):
    """A URL could not be fetched."""


class ExtractError(RetrievalError):
    """Bytes could not be turned into a text."""


class ConnectorError(RetrievalError):
    """A place evidence comes from did not answer as it should."""
