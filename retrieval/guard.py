"""Which addresses may be asked at all. Pure: it opens no socket and resolves no name.

A newsroom pastes links that strangers send, so a URL is hostile until shown otherwise. `AddressPolicy.target` reads a
URL in one strict way, and `AddressPolicy.admit` judges the addresses that its host resolved to; `retrieval.fetch` dials
only what `admit` returned. Refused by default is everything that is not public unicast, in any notation.

The networks are those of the IANA special-purpose registries (RFC 6890 and its updates), named one by one because
`ipaddress.is_global` of Python 3.11 calls NAT64, 6to4, `fec0::/10`, multicast and `::127.0.0.1` global.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import idna

from retrieval.errors import BadScheme, BadURL, BlockedAddress, BlockedPort, InputError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

WEB_PORTS = frozenset({80, 443, 8080, 8443})
"""Ports that are open without an allow-list entry; others belong to mail, databases and the like."""

_MAX_URL = 4096
_DEFAULT_PORTS = {"http": 80, "https": 443}

# Never opened, whatever the allow-list says: no page is served there, and cloud metadata services are.
_NEVER: tuple[tuple[str, str], ...] = (
    ("0.0.0.0/8", "this host"),
    ("169.254.0.0/16", "link-local, cloud metadata"),
    ("168.63.129.16/32", "cloud metadata"),
    ("100.100.100.200/32", "cloud metadata"),
    ("192.0.0.192/32", "cloud metadata"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
    ("::/128", "unspecified"),
    ("::ffff:0:0/96", "IPv4-mapped"),
    ("::ffff:0:0:0/96", "IPv4-translated"),
    ("::/96", "IPv4-compatible"),
    ("64:ff9b::/96", "NAT64"),
    ("64:ff9b:1::/48", "local NAT64"),
    ("2001::/32", "Teredo"),
    ("2002::/16", "6to4"),
    ("fd00:ec2::254/128", "cloud metadata"),
    ("fe80::/10", "link-local"),
    ("ff00::/8", "multicast"),
)
_PRIVATE: tuple[tuple[str, str], ...] = (
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "carrier-grade NAT"),
    ("127.0.0.0/8", "loopback"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "protocol assignments"),
    ("192.0.2.0/24", "documentation"),
    ("192.88.99.0/24", "6to4 relay"),
    ("192.168.0.0/16", "private"),
    ("198.18.0.0/15", "benchmarking"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("::1/128", "loopback"),
    ("100::/64", "discard"),
    ("2001::/23", "protocol assignments"),
    ("2001:db8::/32", "documentation"),
    ("3fff::/20", "documentation"),
    ("5f00::/16", "segment routing"),
    ("fc00::/7", "private"),
    ("fec0::/10", "site-local"),
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")  # all that IANA has given out for public unicast


def _table(rows: Iterable[tuple[str, str]]) -> tuple[tuple[_Network, str], ...]:
    return tuple((ipaddress.ip_network(network), why) for network, why in rows)


_NEVER_NETWORKS = _table(_NEVER)
_PRIVATE_NETWORKS = _table(_PRIVATE)

# Names that mean this machine or this network before any resolver is asked (RFC 6761, 6762, 8375; ICANN for .internal).
_LOCAL_SUFFIXES = (".localhost", ".local", ".internal", ".home.arpa", ".lan", ".onion", ".test", ".invalid")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that was read strictly: what is asked, and whom.

    Attributes:
        url: The URL to request: ASCII, no user information, no fragment.
        scheme: `http` or `https`.
        host: Lower-case ASCII name without a trailing dot, or an address without brackets.
        port: The port, the scheme's own if the URL names none.
    """

    url: str
    scheme: str
    host: str
    port: int

    @property
    def origin(self) -> str:
        """`scheme://host:port`, for robots.txt and for keeping keys at home."""
        return f"{self.scheme}://{bracketed(self.host)}:{self.port}"


def bracketed(host: str) -> str:
    """Return `host` as it stands in a URL: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def shown(url: str) -> str:
    """Return `url` fit for messages and logs: no query, no user information, no control characters, not endless."""
    bare = re.split(r"[?#]", url.strip(), maxsplit=1)[0]
    bare = re.sub(r"//[^/]*@", "//", bare)
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in bare)[:200]


def refusal(address: IPAddress, *, private_ok: bool = False) -> str | None:
    """Return why `address` must not be dialled, or None if it may be.

    Args:
        address: The address, as resolved.
        private_ok: Open private and loopback networks, for hosts on the allow-list. Link-local, metadata, multicast,
            reserved and tunnelling addresses stay shut.
    """
    for network, why in _NEVER_NETWORKS:
        # ::1 lies in ::/96, but is not an IPv4-compatible address.
        if address.version == network.version and address in network and not address.is_loopback:
            return why
    for network, why in _PRIVATE_NETWORKS:
        if address.version == network.version and address in network:
            return None if private_ok else why
    if isinstance(address, ipaddress.IPv6Address):
        if address not in _GLOBAL_UNICAST:
            return "not global unicast"
        # ISATAP (RFC 5214) carries an IPv4 address in the interface identifier.
        if (int(address) >> 32) & 0xFDFFFFFF == 0x00005EFE:
            return "ISATAP"
        if address.scope_id is not None:
            return "has a zone"
    return None


def _split_host(entry: str) -> tuple[str, int | None]:
    text = entry.strip().lower()
    if text.count(":") > 1 and not text.startswith("["):
        return text, None
    match = re.fullmatch(r"(\[[^\]]+\]|[^:\[\]]+)(?::([0-9]{1,5}))?", text)
    if match is None:
        raise InputError(f"{entry!r} is not a host; write a name or an address, with :port if needed")
    return match[1].strip("[]"), int(match[2]) if match[2] else None


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """What may be asked: public web servers, and the hosts that were opened by name.

    Attributes:
        opened: Hosts with the port they are open on; None opens every port.
        ports: Ports that are open on every public host.
    """

    opened: frozenset[tuple[str, int | None]] = frozenset()
    ports: frozenset[int] = WEB_PORTS

    @classmethod
    def from_hosts(cls, hosts: Iterable[str]) -> AddressPolicy:
        """Return a policy with `hosts` opened: `intranet.example`, `10.0.0.5`, `localhost:8888`, `[::1]:8080`.

        Raises:
            InputError: An entry is not a host.
        """
        opened = set()
        for entry in hosts:
            host, port = _split_host(entry)
            try:
                host = _canonical_host(host, entry)
            except (BadURL, BlockedAddress) as error:
                raise InputError(
                    f"{entry!r} is not a host; write a name or an address, with :port if needed"
                ) from error
            opened.add((host, port))
        return cls(frozenset(opened))

    def is_opened(self, host: str, port: int) -> bool:
        """Return whether the allow-list names this host, on this port."""
        return (host, None) in self.opened or (host, port) in self.opened

    def target(self, url: str) -> Target:
        """Read `url` and refuse what can be refused without asking a resolver.

        Raises:
            BadScheme: Neither http nor https.
            BadURL: Malformed, or carries a user name or password.
            BlockedPort: The port is neither a web port nor opened.
            BlockedAddress: The host is an address that is not public, a local name, or a number in odd notation.
        """
        name = shown(url)
        text = url.strip()
        if len(text) > _MAX_URL:
            raise BadURL(name, f"is longer than {_MAX_URL} characters")
        # Backslash, space and control characters are where parsers differ.
        if any(c <= " " or c == "\\" or 0x7F <= ord(c) < 0xA0 for c in text):
            raise BadURL(name, "contains a space, a backslash or a control character; encode it")
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError as error:
            raise BadURL(name, f"cannot be read ({error})") from error
        scheme = parts.scheme.lower()
        if scheme not in _DEFAULT_PORTS:
            raise BadScheme(name, "only http and https are fetched")
        if "@" in parts.netloc:
            raise BadURL(name, "carries a user name or password; remove it")
        if not parts.hostname:
            raise BadURL(name, "has no host")
        host = _canonical_host(parts.hostname, name)
        port = port if port is not None else _DEFAULT_PORTS[scheme]
        opened = self.is_opened(host, port)
        self._check_literal(host, opened, name)
        if port not in self.ports and not opened:
            raise BlockedPort(
                name, f"port {port} is not open; add {bracketed(host)}:{port} to the allowed hosts to open it"
            )
        suffix = "" if port == _DEFAULT_PORTS[scheme] else f":{port}"
        path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
        query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?[]{}|^`\"<>")
        return Target(urlunsplit((scheme, bracketed(host) + suffix, path, query, "")), scheme, host, port)

    def admit(self, host: str, port: int, addresses: Sequence[str]) -> list[IPAddress]:
        """Return `addresses` parsed, if every one of them may be dialled.

        One refused address refuses the host: a name that answers with a public and a private address is an attack or
        a mistake, and picking the public one would let the next answer decide.

        Raises:
            BlockedAddress: An address is not public (and the allow-list does not open the host), or not an address.
        """
        opened = self.is_opened(host, port)
        name = bracketed(host)
        self._check_literal(host, opened, name)
        admitted: list[IPAddress] = []
        for text in addresses:
            try:
                address = ipaddress.ip_address(text)
            except ValueError as error:
                raise BlockedAddress(name, f"resolves to {text!r}, which is not an address") from error
            why = refusal(address, private_ok=opened)
            if why is not None:
                raise BlockedAddress(name, f"resolves to {address} ({why}); only public addresses are fetched")
            admitted.append(address)
        return admitted

    @staticmethod
    def _check_literal(host: str, opened: bool, name: str) -> None:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            if not opened and ("." not in host or host.endswith(_LOCAL_SUFFIXES)):
                raise BlockedAddress(name, "is a local name; add it to the allowed hosts to open it") from None
            return
        why = refusal(address, private_ok=opened)
        if why is not None:
            raise BlockedAddress(name, f"is not a public address ({why})")


def _canonical_host(host: str, name: str) -> str:
    if "%" in host:
        raise BadURL(name, "has a percent sign (an encoded character or a zone) in its host")
    if ":" in host:
        try:
            return str(ipaddress.IPv6Address(host))
        except ValueError as error:
            raise BadURL(name, "has a malformed IPv6 address") from error
    # Full-width digits and ideographic full stops become ASCII here, before they are judged.
    plain = unicodedata.normalize("NFKC", host).replace("。", ".").lower()
    plain = plain[:-1] if plain.endswith(".") else plain
    if not plain.isascii():
        try:
            plain = idna.encode(plain, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError) as error:
            raise BadURL(name, f"has a host that is not a valid name ({error})") from error
    labels = plain.split(".")
    if _NUMERIC_LABEL.fullmatch(labels[-1]):
        # What ends in a number is an IPv4 address to browsers and to inet_aton, in a dozen notations. One is read.
        try:
            return str(ipaddress.IPv4Address(plain))
        except ValueError as error:
            raise BlockedAddress(name, "writes an address in an odd notation; only a.b.c.d is read") from error
    if len(plain) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise BadURL(name, "has a host that is not a valid name")
    return plain
