"""Who is told of what happens here: administrators add receivers, and see and repeat what could not be delivered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import RedirectResponse

from checker.errors import Incomplete
from checker.review.opening import open_webhooks
from checker.review.outbox import EVENTS
from checker.review.transitions import Role
from checker.review.webhooks import Delivery, Webhook, Webhooks
from checker.web import pages
from checker.web.deps import AppState, State, Who, require, scope
from checker.web.schemas import AnyId, IdempotencyKey, storable
from checker.web.speech import speak
from checker.web.words import mark

router = APIRouter(dependencies=[require(Role.ADMIN)])
api = APIRouter(tags=["webhooks"], dependencies=[require(Role.ADMIN)])
NAV = [pages.Nav("/webhooks", mark("Webhooks"), Role.ADMIN)]

EVENT_WORDS = {
    "item.decided": mark("a claim was decided"),
    "item.returned": mark("a decision was returned"),
    "item.approved": mark("a decision was approved"),
    "item.published": mark("a decision was published"),
    "item.corrected": mark("a published decision was corrected"),
    "item.reopened": mark("a published decision was reopened"),
    "item.recheck": mark("new evidence would change a verdict"),
    "check.done": mark("a background check ended"),
    "check.failed": mark("a background check failed"),
}
assert set(EVENT_WORDS) == set(EVENTS)
STATUS_WORDS = {"pending": mark("waits to be sent"), "sent": mark("sent"), "dead": mark("could not be delivered")}

EventName = Literal[
    "item.decided", "item.returned", "item.approved", "item.published", "item.corrected", "item.reopened",
    "item.recheck", "check.done", "check.failed",
]  # fmt: skip
_SCOPE = [scope("publish")]
"""A token that is to name receivers may publish: what they are told leaves the house."""


class WebhookIn(BaseModel):
    """A receiver to add."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"url": "https://example.org/saring", "events": ["item.published", "item.corrected"]}]
        },
    )

    url: str = Field(min_length=1, max_length=2000, description="Where to post to; public, or allowed by the settings.")
    events: Annotated[list[EventName], Field(min_length=1, max_length=len(EVENTS), description="What to tell it of.")]


class WebhookChange(BaseModel):
    """What to change about a receiver."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"active": False}]})

    active: bool = Field(description="Off: nothing new is put down for it, and nothing is sent.")


class WebhookOut(BaseModel):
    """A receiver."""

    id: str
    url: str
    events: list[str]
    active: bool
    created_at: datetime

    @classmethod
    def of(cls, found: Webhook) -> WebhookOut:
        """From the record."""
        return cls(**{name: getattr(found, name) for name in WebhookOut.model_fields})


class WebhookMade(WebhookOut):
    """A receiver that was just added."""

    secret: str = Field(
        description=(
            "Shown once. `Saring-Signature` is `v1=` and the hex HMAC-SHA256, under this secret, of the text "
            "`Saring-Timestamp` + `.` + body. Refuse timestamps over five minutes old."
        )
    )


class DeliveryOut(BaseModel):
    """One word to one receiver, and what became of it."""

    id: str
    webhook_id: AnyId
    event: str
    status: Literal["pending", "sent", "dead"]
    attempts: int
    next_at: datetime | None = Field(description="When it is tried next; null unless it waits.")
    last_error: str
    created_at: datetime
    sent_at: datetime | None
    body: str

    @classmethod
    def of(cls, found: Delivery) -> DeliveryOut:
        """From the record."""
        shown = {name: getattr(found, name) for name in cls.model_fields}
        return cls(**{**shown, "next_at": found.next_at if found.status == "pending" else None})


def webhooks_of(saring: AppState) -> Webhooks:
    """The receivers of a server."""
    return open_webhooks(saring.review, saring.settings)


@api.get("/webhooks", dependencies=_SCOPE)
def list_webhooks(saring: State) -> list[WebhookOut]:
    """Every receiver."""
    return [WebhookOut.of(found) for found in webhooks_of(saring).all()]


@api.post("/webhooks", status_code=201, dependencies=_SCOPE)
def add_webhook(body: WebhookIn, who: Who, saring: State, key: IdempotencyKey = None) -> WebhookMade:
    """Add a receiver; its secret is in this answer alone."""
    made, secret = webhooks_of(saring).add(storable(body.url), body.events, who, key=key)
    return WebhookMade(**WebhookOut.of(made).model_dump(), secret=secret)


@api.patch("/webhooks/{webhook_id}", dependencies=_SCOPE)
def change_webhook(body: WebhookChange, who: Who, saring: State, webhook_id: AnyId) -> WebhookOut:
    """Switch a receiver off or on."""
    return WebhookOut.of(webhooks_of(saring).set_active(webhook_id, body.active, who))


@api.delete("/webhooks/{webhook_id}", status_code=204, dependencies=_SCOPE)
def remove_webhook(who: Who, saring: State, webhook_id: AnyId) -> None:
    """Remove a receiver and everything put down for it."""
    webhooks_of(saring).remove(webhook_id, who)


@api.get("/deliveries", dependencies=_SCOPE)
def list_deliveries(
    saring: State,
    webhook: Annotated[str, Query(pattern=r"^[A-Za-z0-9_.:-]{0,60}$", description="Only to this receiver.")] = "",
    status: Annotated[Literal["", "pending", "sent", "dead"], Query(description="Only of this status.")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[DeliveryOut]:
    """What was put down for receivers, the newest first; `dead` are those that could not be delivered."""
    found = webhooks_of(saring).deliveries(webhook_id=webhook, status=status, limit=limit)
    return [DeliveryOut.of(delivery) for delivery in found]


@api.post("/deliveries/{delivery_id}/replay", dependencies=_SCOPE)
def replay_delivery(who: Who, saring: State, delivery_id: AnyId) -> DeliveryOut:
    """Send a delivery again that is dead or was sent (409 for one that still waits)."""
    return DeliveryOut.of(webhooks_of(saring).replay(delivery_id, who))


# -- for people


@router.get("/webhooks")
def webhooks_page(request: Request, saring: State) -> Response:
    """Receivers, and the last deliveries."""
    return _page(request, saring)


@router.post("/webhooks")
def add_from_form(
    request: Request,
    who: Who,
    saring: State,
    url: Annotated[str, Form(max_length=2000)] = "",
    events: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Add a receiver, and show its secret this once."""
    try:
        made, secret = webhooks_of(saring).add(storable(url.strip()), events or [], who)
    except Incomplete as error:
        return _page(request, saring, error=speak(str(error), pages.locale_of(request)), given=url, status_code=422)
    return _page(request, saring, made=made, secret=secret, status_code=201)


@router.post("/webhooks/{webhook_id}/{change}")
def change_from_form(
    who: Who, saring: State, webhook_id: AnyId, change: Literal["enable", "disable", "remove"]
) -> Response:
    """Switch a receiver off or on, or remove it."""
    webhooks = webhooks_of(saring)
    if change == "remove":
        webhooks.remove(webhook_id, who)
        return pages.flash(RedirectResponse("/webhooks", 303), mark("The webhook is removed."))
    webhooks.set_active(webhook_id, change == "enable", who)
    return RedirectResponse("/webhooks", 303)


@router.post("/deliveries/{delivery_id}/replay")
def replay_from_form(who: Who, saring: State, delivery_id: AnyId) -> Response:
    """Send a delivery again."""
    webhooks_of(saring).replay(delivery_id, who)
    return pages.flash(RedirectResponse("/webhooks", 303), mark("It will be sent again."))


def _page(request: Request, saring: AppState, *, status_code: int = 200, **more: Any) -> Response:
    webhooks = webhooks_of(saring)
    context: dict[str, Any] = {"error": "", "secret": "", "made": None, "given": ""} | more
    return pages.page(
        request,
        "webhooks.html",
        status_code=status_code,
        webhooks=webhooks.all(),
        dead=webhooks.deliveries(status="dead", limit=50),
        deliveries=webhooks.deliveries(limit=50),
        all_events=EVENT_WORDS,
        status_words=STATUS_WORDS,
        **context,
    )
