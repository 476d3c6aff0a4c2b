"""No address that is not public is admitted, however it is written."""

from __future__ import annotations

import ipaddress

import pytest

from retrieval.errors import BadScheme, BadURL, BlockedAddress, BlockedPort, FetchError, InputError
from retrieval.guard import AddressPolicy, refusal, shown

POLICY = AddressPolicy()

NOT_PUBLIC = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:53aa:64c::1",
    "2001:10::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "2606:4700::5efe:7f00:1",
    "2606:4700::200:5efe:7f00:1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1%eth0",
    "febf::1",
    "fec0::1",
    "feff::1",
    "ff02::1",
    "ff0e::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.1",
    "172.32.0.1",
    "103.10.66.1",
    "2606:4700::1111",
    "2400::1",
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_address_that_is_not_public_is_refused_as_answer_of_a_resolver(address: str) -> None:
    assert refusal(ipaddress.ip_address(address))
    with pytest.raises(BlockedAddress):
        POLICY.admit("news.example.com", 443, [address])
    with pytest.raises(BlockedAddress):
        POLICY.admit("news.example.com", 443, ["8.8.8.8", address])


@pytest.mark.parametrize("address", [a for a in NOT_PUBLIC if "%" not in a])
def test_and_as_host_of_a_url(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(BlockedAddress):
        POLICY.target(f"http://{host}/")


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address_is_admitted(address: str) -> None:
    assert [str(a) for a in POLICY.admit("news.example.com", 443, [address])] == [address]
    host = f"[{address}]" if ":" in address else address
    assert POLICY.target(f"http://{host}/x").host == address


@pytest.mark.parametrize(
    "host",
    [
        "0x7f000001",
        "0x7f.0.0.1",
        "0X7F.1",
        "2130706433",
        "127.1",
        "127.0.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.01",
        "127.0.0.1.",
        "127.0.0.0x1",
        "8.8.2056",
        "134744072",
        "256.256.256.256",
        "1.2.3.4.5",
        "0",
        "0x",
        "１２７.０.０.１",
        "127。0。0。1",
        "127．0．0．1",
        "①②⑦.0.0.1",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "ⓛocalhost",
        "intranet",
        "printer.local",
        "metadata.google.internal",
        "router.home.arpa",
    ],
)
def test_odd_notation_or_local_name_is_refused_before_any_resolver(host: str) -> None:
    with pytest.raises(BlockedAddress):
        POLICY.target(f"http://{host}/")


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("ftp://example.com/", BadScheme),
        ("file:///etc/passwd", BadScheme),
        ("gopher://example.com/", BadScheme),
        ("javascript:alert(1)", BadScheme),
        ("example.com/a", BadScheme),
        ("", BadScheme),
        ("http:///path", BadURL),
        ("http://user@example.com/", BadURL),
        ("http://user:pass@example.com/", BadURL),
        ("http://example.com@127.0.0.1/", BadURL),
        ("http://127.0.0.1\\@example.com/", BadURL),
        ("http://example.com\\.evil.com/", BadURL),
        ("http://exa mple.com/", BadURL),
        ("http://example.com/\r\nX: y", BadURL),
        ("http://example.com\t.evil/", BadURL),
        ("http://127%2e0.0.1/", BadURL),
        ("http://[fe80::1%25eth0]/", BadURL),
        ("http://[::1/", BadURL),
        ("http://example..com/", BadURL),
        ("http://-example.com/", BadURL),
        ("http://example.com:99999/", BadURL),
        ("http://example.com:x/", BadURL),
        ("http://example.com/" + "a" * 5000, BadURL),
        ("http://example.com:22/", BlockedPort),
        ("http://example.com:6379/", BlockedPort),
        ("https://example.com:0/", BlockedPort),
    ],
)
def test_url_that_is_not_plain_is_refused(url: str, error: type[FetchError]) -> None:
    with pytest.raises(error):
        POLICY.target(url)


def test_target_is_canonical() -> None:
    target = POLICY.target(" HTTPS://WWW.Example.COM.:443/a b".replace(" b", "%20b") + "?q=kata&x#frag ")
    assert (target.url, target.host, target.port) == ("https://www.example.com/a%20b?q=kata&x", "www.example.com", 443)
    assert POLICY.target("http://bücher.example.org/ä").url == "http://xn--bcher-kva.example.org/%C3%A4"
    assert POLICY.target("http://example.com:8080").url == "http://example.com:8080/"
    assert POLICY.target("http://example.com/").origin == "http://example.com:80"


def test_allow_list_opens_the_host_it_names_and_no_other() -> None:
    policy = AddressPolicy.from_hosts(["127.0.0.1:8888", "intranet", "wiki.office.example", "[fd12::1]:8080"])
    assert policy.target("http://127.0.0.1:8888/").port == 8888
    assert policy.target("http://intranet:9000/").host == "intranet"
    assert policy.target("http://[fd12::1]:8080/").host == "fd12::1"
    assert policy.admit("wiki.office.example", 80, ["10.1.2.3"])
    assert policy.admit("intranet", 80, ["127.0.0.1"])
    for url in ("http://127.0.0.1/", "http://127.0.0.2:8888/", "http://[fd12::1]/", "http://printer.local/"):
        with pytest.raises(BlockedAddress):
            policy.target(url)
    with pytest.raises(BlockedAddress):
        policy.admit("other.office.example", 80, ["10.1.2.3"])


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "fd00:ec2::254", "fe80::1", "224.0.0.1", "0.0.0.0", "::ffff:10.0.0.1", "64:ff9b::a00:1"],
)
def test_allow_list_never_opens_metadata_multicast_or_tunnels(address: str) -> None:
    policy = AddressPolicy.from_hosts(["intranet"])
    with pytest.raises(BlockedAddress):
        policy.admit("intranet", 80, [address])


@pytest.mark.parametrize("entry", ["", "http://a", "a b", "127.1", "a:b:c/d", "user@host"])
def test_allow_list_entry_that_is_no_host_is_an_input_error(entry: str) -> None:
    with pytest.raises(InputError):
        AddressPolicy.from_hosts([entry])


def test_messages_hold_no_key() -> None:
    assert shown("https://u:secret@api.example/v1?key=secret#secret") == "https://api.example/v1"
    with pytest.raises(FetchError) as caught:
        POLICY.target("http://127.0.0.1/?key=geheim")
    assert "geheim" not in str(caught.value)
