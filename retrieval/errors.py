"""Everything that can go wrong in `retrieval`, as one tree. Imports no sibling.

    RetrievalError
    ├── InputError              a file, card or URL that was handed in cannot be used
    ├── MissingExtra            an optional dependency is not installed (carries the command that installs it)
    ├── ModelFileError          a shipped model file is missing or does not match its checksum
    ├── EmbedderUnavailable     there is no embedding model of that name, or it cannot be loaded
    ├── StoreError              the evidence store
    │   ├── StoreLocked         another process is writing to it
    │   ├── StoreReadOnly       it cannot be written to
    │   ├── StoreTooNew         it was written by a newer version of Saring
    │   ├── StoreDamaged        its text database (not merely its index) cannot be read
    │   ├── StoreUnavailable    a store on a server cannot be reached
    │   └── EmbedderMismatch    it was built with another embedding model
    ├── SourceNotFound          no source of that id
    ├── FetchError              a URL could not be fetched
    │   ├── BadURL              it is malformed, or carries a user name or password
    │   ├── BadScheme           it is neither http nor https
    │   ├── BlockedAddress      its host is, or resolves to, an address that is not public
    │   ├── BlockedPort         its port is not one that web pages are served on
    │   ├── NameNotResolved     its host has no address
    │   ├── ConnectionFailed    the connection was refused, broken or cut off
    │   ├── DeadlineExceeded    the answer was not complete in time
    │   ├── TooManyRedirects    it redirects too often, or in a circle
    │   ├── BodyTooLarge        the answer is larger than the limit, before or after decompression
    │   ├── UnsupportedEncoding the answer is compressed in a way that was not asked for
    │   ├── BrokenBody          the compressed answer is damaged
    │   ├── UnsupportedContentType  the answer is of a kind that is not read
    │   ├── RobotsDisallowed    the site's robots.txt forbids it
    │   ├── HTTPStatusError     the server answered with an error status
    │   └── Throttled           the server asks to come back later
    ├── ExtractError            bytes could not be turned into a text
    │   ├── UnsupportedFormat   the kind of document is not read
    │   ├── BrokenDocument      the document is damaged, or encrypted
    │   ├── ExtractLimit        reading it took more time or memory than is allowed
    │   └── NoText              there is no readable text in it
    └── ConnectorError          a place evidence comes from did not answer as it should
        ├── UnknownConnector        no connector of that name
        ├── ConnectorNotConfigured  it needs a key or an address that is not set
        ├── ConnectorUnavailable    it could not be reached, or refused to answer
        └── ConnectorReply          it answered something that cannot be read

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


class EmbedderUnavailable(RetrievalError):
    """There is no embedding model of that name, or it cannot be loaded."""


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
    """A URL could not be fetched.

    Attributes:
        url: The address, without its query (which may carry a key) and without user information.
    """

    def __init__(self, url: str, why: str) -> None:
        self.url = url
        super().__init__(f"{url}: {why}" if url else why)


class BadURL(FetchError):
    """The URL is malformed, or carries a user name or password."""


class BadScheme(FetchError):
    """The URL is neither http nor https."""


class BlockedAddress(FetchError):
    """The host is, or resolves to, an address that is not public."""


class BlockedPort(FetchError):
    """The port is not one that web pages are served on."""


class NameNotResolved(FetchError):
    """The host has no address."""


class ConnectionFailed(FetchError):
    """The connection was refused, broken or cut off."""


class DeadlineExceeded(FetchError):
    """The answer was not complete in time."""


class TooManyRedirects(FetchError):
    """The URL redirects too often, or in a circle."""


class BodyTooLarge(FetchError):
    """The answer is larger than the limit, before or after decompression."""


class UnsupportedEncoding(FetchError):
    """The answer is compressed in a way that was not asked for."""


class BrokenBody(FetchError):
    """The compressed answer is damaged."""


class UnsupportedContentType(FetchError):
    """The answer is of a kind that is not read."""


class RobotsDisallowed(FetchError):
    """The site's robots.txt forbids fetching the page."""


class HTTPStatusError(FetchError):
    """The server answered with an error status.

    Attributes:
        status: The HTTP status code.
    """

    def __init__(self, url: str, why: str, status: int) -> None:
        self.status = status
        super().__init__(url, why)


class Throttled(FetchError):
    """The server asks to come back later.

    Attributes:
        retry_after: Seconds until it may be asked again, as far as is known.
    """

    def __init__(self, url: str, why: str, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(url, why)


class ExtractError(RetrievalError):
    """Bytes could not be turned into a text."""


class UnsupportedFormat(ExtractError):
    """The kind of document is not read."""


class BrokenDocument(ExtractError):
    """The document is damaged, or encrypted."""


class ExtractLimit(ExtractError):
    """Reading the document took more time or memory than is allowed."""


class NoText(ExtractError):
    """There is no readable text in the document."""


class ConnectorError(RetrievalError):
    """A place evidence comes from did not answer as it should.

    Attributes:
        connector: Name of the connector.
    """

    def __init__(self, connector: str, why: str) -> None:
        self.connector = connector
        super().__init__(f"{connector}: {why}" if connector else why)


class UnknownConnector(ConnectorError):
    """No connector of that name is installed."""


class ConnectorNotConfigured(ConnectorError):
    """The connector needs a key or an address that is not set."""


class ConnectorUnavailable(ConnectorError):
    """The connector's service could not be reached, or refused to answer."""


class ConnectorReply(ConnectorError):
    """The connector's service answered something that cannot be read."""
