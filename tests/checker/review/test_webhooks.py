from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2] / "retrieval"))

from reports import make_report
from servers import ReplayServer, Reply

from checker.errors import Incomplete, NotAllowed, NotFound, WrongState
from checker.review import tables as t
from checker.review.database import Database
from checker.review.intake import add_report, recheck
from checker.review.jobs import Jobs
from checker.review.outbox import EVENTS
from checker.review.records import Actor
from checker.review.service import Change, ReviewService
from checker.review.transitions import Action
from checker.review.webhooks import PAUSES, TRIES, Webhook, Webhooks, sign, verify
from checker.review.worker import Worker
from retrieval.fetch import Fetcher, FetchSettings
from retrieval.guard import AddressPolicy

People = dict[str, Actor]


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as running:
        yield running


@pytest.fixture
def fetcher(server: ReplayServer) -> Iterator[Fetcher]:
    host = server.url("/").split("//")[1].strip("/")
    with Fetcher(FetchSettings(hosts=(host,))) as made:
        yield made


@pytest.fixture
def webhooks(database: Database, service: ReviewService, fetcher: Fetcher) -> Webhooks:
    return Webhooks(database, service.clock, fetcher.policy)


@pytest.fixture
def hook(webhooks: Webhooks, server: ReplayServer, people: People) -> tuple[Webhook, str]:
    return webhooks.add(server.url("/hook"), list(EVENTS), people["eko"])


def publish(service: ReviewService, people: People) -> str:
    (item_id,) = add_report(service, make_report(("Dua pilar retak.",), name="wh"))
    service.act(item_id, Action.CLAIM, people["ani"])
    service.act(item_id, Action.DECIDE, people["ani"], Change(label="unsupported", rating="false", reason="Tiga."))
    service.act(item_id, Action.TAKE_SECOND, people["citra"])
    service.act(item_id, Action.APPROVE, people["citra"])
    service.act(item_id, Action.PUBLISH, people["citra"])
    return item_id


def test_what_is_published_is_told_signed(
    service: ReviewService,
    webhooks: Webhooks,
    hook: tuple[Webhook, str],
    server: ReplayServer,
    fetcher: Fetcher,
    people: People,
) -> None:
    server.on("/hook", Reply(204))
    item_id = publish(service, people)
    assert webhooks.deliver(fetcher) == 3
    assert webhooks.deliver(fetcher) == 0
    assert {request.headers["saring-event"] for request in server.requests} == {
        "item.decided",
        "item.approved",
        "item.published",
    }
    told = next(request for request in server.requests if request.headers["saring-event"] == "item.published")
    stamp, signature = told.headers["saring-timestamp"], told.headers["saring-signature"]
    now = service.clock().timestamp()
    body = told.body.decode()
    assert verify(hook[1], stamp, body, signature, now)
    assert not verify(hook[1], stamp, body + " ", signature, now)
    assert not verify("whsec_other", stamp, body, signature, now)
    assert not verify(hook[1], stamp, body, signature, now + 301)
    assert not verify(hook[1], "²", body, signature, now)
    said = json.loads(body)
    assert said["id"] == told.headers["saring-delivery"]
    assert said["item"]["claim"] == "Dua pilar retak."
    assert said["decision"] == {
        "label": "unsupported",
        "rating": "false",
        "reason": "Tiga.",
        "decided_at": "2026-11-24T08:00:00+00:00",
    }
    assert said["claim_review"] == f"/published/{item_id}/claimreview.json"
    for request in server.requests:
        assert "corroborated" not in request.body.decode(), "what the machine made of it stays in the house"
        assert ("decision" in request.json()) == (request.headers["saring-event"] != "item.decided")


def test_the_signature_is_the_documented_one() -> None:
    # printf '1700000000.{}' | openssl dgst -sha256 -hmac whsec_test
    assert sign("whsec_test", 1700000000, "{}") == (
        "v1=35495024f4ef3f94e5a93e22221544c4b75e9a42300cd965ab81cb85cd994e91"
    )


def test_retries_then_dead_then_replayed(
    service: ReviewService,
    webhooks: Webhooks,
    hook: tuple[Webhook, str],
    server: ReplayServer,
    fetcher: Fetcher,
    people: People,
) -> None:
    server.on("/hook", Reply(500))
    (item_id,) = add_report(service, make_report(("Dua pilar retak.",), name="wh"))
    service.act(item_id, Action.CLAIM, people["ani"])
    service.act(item_id, Action.DECIDE, people["ani"], Change(label="supported", reason="Ya."))
    for tried in range(1, TRIES + 1):
        assert webhooks.deliver(fetcher) == 1
        (delivery,) = webhooks.deliveries()
        assert delivery.attempts == tried
        assert "500" in delivery.last_error
        if tried < TRIES:
            assert delivery.status == "pending"
            assert webhooks.deliver(fetcher) == 0, "not before its time"
            pause = (delivery.next_at - service.clock()).total_seconds()  # type: ignore[operator]
            assert 0.9 * PAUSES[tried - 1] <= pause <= 1.2 * PAUSES[tried - 1]
            service.clock.forward(seconds=pause)  # type: ignore[attr-defined]
    assert webhooks.deliveries(status="dead")[0].id == delivery.id
    assert webhooks.deliver(fetcher) == 0
    with pytest.raises(NotAllowed):
        webhooks.replay(delivery.id, people["citra"])
    server.on("/hook", Reply(200))
    assert webhooks.replay(delivery.id, people["eko"]).status == "pending"
    with pytest.raises(WrongState):
        webhooks.replay(delivery.id, people["eko"])
    assert webhooks.deliver(fetcher) == 1
    assert webhooks.deliveries()[0].status == "sent"
    assert server.requests[-1].body.decode() == delivery.body


def test_no_private_address_is_told(
    service: ReviewService, database: Database, people: People, server: ReplayServer
) -> None:
    webhooks = Webhooks(database, service.clock)
    for url in ("http://127.0.0.1/x", "http://169.254.169.254/", "ftp://example.org/", "http://[::1]/", "nonsense"):
        with pytest.raises(Incomplete):
            webhooks.add(url, ["item.decided"], people["eko"])
    # A name that passes when it is added and later resolves to a private address is stopped where it is dialled.
    with Fetcher(resolver=lambda host, port: ["10.0.0.7"]) as fetcher:
        webhooks.add("https://hooks.example.org/x", ["item.published"], people["eko"])
        publish(service, people)
        assert webhooks.deliver(fetcher) == 1
    (delivery,) = webhooks.deliveries()
    assert (delivery.status, delivery.attempts) == ("dead", 1)
    assert "private" in delivery.last_error


def test_an_allowed_private_host_is_told(webhooks: Webhooks, people: People) -> None:
    assert AddressPolicy.from_hosts(("10.0.0.7",)).is_opened("10.0.0.7", 80)
    with pytest.raises(Incomplete):
        webhooks.add("http://10.0.0.7/x", ["item.decided"], people["eko"])
    webhooks.policy = AddressPolicy.from_hosts(("10.0.0.7",))
    assert webhooks.add("http://10.0.0.7/x", ["item.decided"], people["eko"])[0].url == "http://10.0.0.7/x"


def test_only_administrators_and_no_secret_is_listed(
    webhooks: Webhooks, hook: tuple[Webhook, str], people: People, service: ReviewService, database: Database
) -> None:
    for name in ("ani", "citra", "fitri"):
        for call in (
            lambda actor: webhooks.add("https://example.org/", ["item.decided"], actor),
            lambda actor: webhooks.set_active(hook[0].id, False, actor),
            lambda actor: webhooks.remove(hook[0].id, actor),
        ):
            with pytest.raises(NotAllowed):
                call(people[name])
    assert hook[1] not in repr(webhooks.all())
    with pytest.raises(Incomplete):
        webhooks.add("https://example.org/", ["item.everything"], people["eko"])
    webhooks.set_active(hook[0].id, False, people["eko"])
    publish(service, people)
    assert webhooks.deliveries() == (), "nothing is put down for one that is off"
    webhooks.remove(hook[0].id, people["eko"])
    with pytest.raises(NotFound):
        webhooks.get(hook[0].id)
    with database.read() as connection:
        actions = connection.execute(sa.select(t.events.c.action).where(t.events.c.item_id.is_(None))).scalars().all()
    assert actions == ["add_webhook", "disable_webhook", "remove_webhook"]


def test_only_the_events_asked_for(
    service: ReviewService, webhooks: Webhooks, server: ReplayServer, people: People
) -> None:
    webhooks.add(server.url("/a"), ["item.recheck"], people["eko"])
    item_id = publish(service, people)
    assert webhooks.deliveries() == ()
    service.clock.forward(minutes=1)  # type: ignore[attr-defined]
    recheck(service, item_id, make_report(("Dua pilar retak.",), label="needs_source"))
    (delivery,) = webhooks.deliveries()
    assert delivery.event == "item.recheck"
    assert "needs_source" not in delivery.body


def test_two_workers_send_each_delivery_once(
    service: ReviewService,
    webhooks: Webhooks,
    hook: tuple[Webhook, str],
    server: ReplayServer,
    fetcher: Fetcher,
    people: People,
) -> None:
    server.on("/hook", Reply(200, delay=0.02))
    publish(service, people)
    threads = [threading.Thread(target=webhooks.deliver, args=(fetcher,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [request.headers["saring-delivery"] for request in server.requests]
    assert len(ids) == len(set(ids)) == 3
    assert {delivery.status for delivery in webhooks.deliveries()} == {"sent"}


def test_a_delivery_left_behind_is_sent_when_its_lease_has_run_out(
    service: ReviewService,
    webhooks: Webhooks,
    hook: tuple[Webhook, str],
    server: ReplayServer,
    fetcher: Fetcher,
    people: People,
) -> None:
    server.on("/hook", Reply(200))
    publish(service, people)
    for _ in range(3):
        assert webhooks._take() is not None  # a worker that is killed here
    assert webhooks.deliver(fetcher) == 0
    service.clock.forward(minutes=2)  # type: ignore[attr-defined]
    assert webhooks.deliver(fetcher) == 3


def test_a_worker_tells_by_itself(
    service: ReviewService, webhooks: Webhooks, hook: tuple[Webhook, str], server: ReplayServer, people: People
) -> None:
    server.on("/hook", Reply(204))
    settings = FetchSettings(hosts=(server.host,))
    worker = Worker(
        service,
        Jobs(service.database, service.clock),
        checker=lambda: pytest.fail("nothing is to be checked"),
        fetcher=Fetcher,
        webhooks=webhooks,
        hook_fetcher=lambda: Fetcher(settings),
    )
    publish(service, people)
    worker.start()
    ends = time.monotonic() + 10
    while len(server.requests) < 3 and time.monotonic() < ends:
        time.sleep(0.02)
    worker.close()
    assert {delivery.status for delivery in webhooks.deliveries()} == {"sent"}
    assert worker.tell() == 0
