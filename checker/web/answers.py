"""What goes out to programs, as pydantic models with examples. A machine's label is a suggestion, never a rating."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from checker.review.merging import Suggestion
from checker.review.records import Item
from checker.review.transitions import Action, Role, State
from checker.web.examples import (
    ARTICLE,
    CITATION,
    DECISION,
    DETAIL,
    EVENT,
    ITEM,
    ITEM_ID,
    REFUSED,
    TOKEN,
    USER_ID,
    VERDICT,
    WHEN,
)
from checker.web.schemas import LabelName, RatingName, ScopeName


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class _Record(_Out):
    """An answer that is a record of the queue as it stands."""

    @classmethod
    def of(cls, record: object) -> Self:
        """From the record."""
        return cls.model_validate(record)


class RefusedItem(_Out):
    """An item that a bulk action left as it was, and why."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={"example": {"item_id": ITEM_ID, "error": "Held", "detail": "somebody else holds this item"}},
    )

    item_id: str
    error: str
    detail: str


class BulkOut(_Out):
    """What a bulk action did: every item it was meant for is in one of the two lists."""

    model_config = ConfigDict(
        from_attributes=True, json_schema_extra={"example": {"done": [ITEM_ID], "refused": [REFUSED]}}
    )

    done: list[str]
    refused: list[RefusedItem]


class ViewOut(_Record):
    """A saved view; only its owner sees it."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "id": "viw-5c1f0e9d7a2b4c6d8e0f1a2b",
                "name": "Disputed, in Indonesian",
                "query": {"disputed": True, "language": "id"},
                "created_at": WHEN,
            }
        },
    )

    id: str
    name: str
    query: dict[str, Any]
    created_at: datetime


class ItemOut(_Out):
    """A claim in the queue. `machine_label` is a machine's suggestion, never a rating."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": ITEM})

    id: str
    check_id: str | None
    article_id: str | None
    text: str
    quote: str
    start: int
    end: int
    language: str
    state: State
    version: int
    holder_id: str | None
    holder_name: str
    lease_until: datetime | None
    decider_id: str | None
    published_before: bool
    merged_into: str | None
    disputed: bool | None
    recheck: bool
    checkworthiness: float
    uncertainty: float | None
    deadline: datetime | None
    need: float | None
    machine_label: LabelName | None = Field(description="The machine's suggestion; left out of a blind review.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, item: Item, *, blind: bool = False) -> ItemOut:
        """From the record; blind: without anything the machine made of it."""
        made = cls.model_validate(item)
        if blind:
            return made.model_copy(update={"machine_label": None, "disputed": None, "uncertainty": None, "need": None})
        return made


class CitationOut(BaseModel):
    """A quote of a source, as the machine cited it."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={"example": CITATION})

    source_id: str
    passage_id: str
    url: str
    publisher: str
    published_at: str | None
    quote: str
    start: int
    end: int
    stance: Literal["supports", "refutes", "neutral"]
    score: float
    origin: str = ""
    counted: bool = True
    notes: list[str] = []


class VerdictOut(_Record):
    """What a machine made of the claim: a suggestion."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": VERDICT})

    id: str
    label: LabelName
    reason: str
    content_label: LabelName
    confidence: float
    origins: int
    judge: str
    disputed: bool
    citations: list[CitationOut]
    notes: list[str]
    as_of: str
    created_at: datetime


class DecisionOut(_Record):
    """What a person decided."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": DECISION})

    id: str
    user_id: str
    user_name: str
    kind: Literal["first", "second"]
    label: LabelName
    rating: RatingName | None
    reason: str
    blind: bool
    created_at: datetime


class EventOut(_Record):
    """One line of the log."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": EVENT})

    id: int
    action: str
    user_name: str
    from_state: str | None
    to_state: str | None
    refused: str | None
    detail: dict[str, Any]
    at: datetime


class AlikeOut(_Out):
    """Another item that may be the same claim; a person confirms every merge."""

    model_config = ConfigDict(
        from_attributes=True, json_schema_extra={"example": {"item": ITEM, "into": ITEM_ID, "similarity": 0.94}}
    )

    item: ItemOut
    into: str = Field(description="The item that the later one would be merged into.")
    similarity: float

    @classmethod
    def of(cls, pair: Suggestion, item_id: str, *, blind: bool = False) -> AlikeOut:
        """The other one of a pair."""
        other = pair.other if pair.item.id == item_id else pair.item
        return cls(item=ItemOut.of(other, blind=blind), into=pair.other.id, similarity=pair.similarity)


class PairOut(_Out):
    """Two items that may be the same claim: `item` came later, and would be merged into `other`."""

    model_config = ConfigDict(
        from_attributes=True, json_schema_extra={"example": {"item": ITEM, "other": ITEM, "similarity": 0.94}}
    )

    item: ItemOut
    other: ItemOut
    similarity: float

    @classmethod
    def of(cls, pair: Suggestion) -> PairOut:
        """From the record."""
        return cls(item=ItemOut.of(pair.item), other=ItemOut.of(pair.other), similarity=pair.similarity)


class ItemDetail(ItemOut):
    """An item with everything on it."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": ITEM | DETAIL})

    claim: dict[str, Any]
    verdicts: list[VerdictOut] = Field(description="The newest first; empty in a blind review.")
    decisions: list[DecisionOut]
    events: list[EventOut]
    alike: list[AlikeOut]
    possible: list[Action] = Field(description="What you may do to it as it stands.")


class ItemPage(_Out):
    """A page of items; `Link` leads to the others."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={"example": {"items": [ITEM], "total": 1, "page": 1, "size": 50, "pages": 1}},
    )

    items: list[ItemOut]
    total: int
    page: int
    size: int
    pages: int


class ArticleOut(_Out):
    """An article as it was when it was checked."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": ARTICLE})

    id: str
    url: str
    title: str
    publisher: str
    published_at: str | None
    language: str
    text: str


class MeOut(_Out):
    """Who you are here."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {"user_id": USER_ID, "name": "rina", "role": "checker", "scopes": None, "csrf": "b0tG…"}
        },
    )

    user_id: str
    name: str
    role: Role
    scopes: list[ScopeName] | None = Field(description="Of the token; null: all, for a person who is signed in.")
    csrf: str | None = Field(default=None, description="For `X-CSRF-Token`; null for a token, which needs none.")


class UserOut(_Out):
    """A user."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "id": USER_ID,
                "name": "rina",
                "display_name": "Rina",
                "role": "checker",
                "active": True,
                "created_at": WHEN,
            }
        },
    )

    id: str
    name: str
    display_name: str
    role: Role
    active: bool
    created_at: datetime


class TokenOut(_Out):
    """An API token."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": TOKEN})

    id: str
    name: str
    scopes: list[ScopeName]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


class TokenMade(TokenOut):
    """An API token that was just made."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": TOKEN | {"token": "saring_…"}})

    token: str = Field(description="The token itself. It is not shown again.")
