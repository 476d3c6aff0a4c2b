"""What comes in from outside and goes out to programs, as pydantic models with examples."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from fastapi import Header, Path
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, create_model

from checker.review.accounts import SCOPES
from checker.review.queries import MAX_PAGE, WAITING, Filters
from checker.review.records import Actor, Item
from checker.review.service import MAX_TEXT, Change
from checker.review.transitions import RULES, Action, Role, State

LabelName = Literal["supported", "unsupported", "needs_source"]
RatingName = Literal["true", "false"]
ScopeName = Literal["read", "check", "review", "publish"]
assert set(ScopeName.__args__) == set(SCOPES)  # type: ignore[attr-defined]


def storable(text: str) -> str:
    """A text without the null character, which PostgreSQL cannot keep."""
    return text.replace("\x00", "")


def _many(value: Any) -> Any:
    """One value, values, or values with commas between, as a list."""
    if isinstance(value, str):
        value = [value]
    return [part for item in value for part in str(item).split(",") if part] if isinstance(value, list) else value


def _number(value: Any) -> Any:
    """A number as JSON has it: neither a text that looks like one, nor true or false."""
    if isinstance(value, str | bool):
        raise ValueError("must be a number")  # noqa: TRY004 - pydantic turns it into a refusal
    return value


Number = Annotated[int, BeforeValidator(_number)]
_ID = r"^[A-Za-z0-9_.:-]{1,60}$"
Prose = Annotated[str, Field(max_length=MAX_TEXT), AfterValidator(storable)]
Short = Annotated[str, Field(max_length=120), AfterValidator(storable)]
Id = Annotated[str, Field(pattern=_ID)]
ItemId = Annotated[str, Path(pattern=_ID, description="Id of an item.", examples=["itm-5c1f0e9d7a2b4c6d8e0f1a2b"])]
AnyId = Annotated[str, Path(pattern=_ID, description="Its id.")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="The same request under the same key is done once; another request under it is refused (422).",
    ),
]
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", max_length=200, description="ETag of the version that this is meant for (else 412)."),
]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ItemFilters(_In):
    """Which items; empty fields do not filter, and without a state those that wait for somebody are meant."""

    state: Annotated[list[State], BeforeValidator(_many)] = Field(default=[], description="In one of these states.")
    label: Annotated[list[LabelName], BeforeValidator(_many)] = Field(
        default=[], description="The machine suggests one of these labels."
    )
    language: Literal["", "id", "en"] = Field(default="", description="Language of the article.")
    holder: str = Field(default="", pattern=r"^[A-Za-z0-9_.:-]{0,60}$", description="Held by this user; `me`: by you.")
    article: str = Field(default="", pattern=r"^[A-Za-z0-9_.:-]{0,60}$", description="Of this article.")
    check: str = Field(default="", pattern=r"^[A-Za-z0-9_.:-]{0,60}$", description="Of this check.")
    disputed: bool | None = Field(default=None, description="The judges disagree.")
    recheck: bool | None = Field(default=None, description="New evidence would change the verdict decided on.")
    q: Annotated[str, Field(max_length=500), AfterValidator(storable)] = Field(
        default="", description="Words that all occur in the claim or its quote."
    )

    def filters(self, actor: Actor) -> Filters | None:
        """As the queue takes them; None for those that wait for somebody."""
        given = Filters(
            states=tuple(self.state),
            labels=tuple(self.label),
            language=self.language,
            holder_id=actor.user_id if self.holder == "me" else self.holder,
            article_id=self.article,
            check_id=self.check,
            disputed=self.disputed,
            recheck=self.recheck,
            search=self.q,
        )
        if given.states or given.article_id or given.check_id:
            return given
        from dataclasses import replace

        return replace(given, states=WAITING.states, or_flagged=True)

    def query(self) -> dict[str, Any]:
        """As it stands in an address and in a saved view: only what is given."""
        return self.model_dump(mode="json", exclude_defaults=True, include=set(ItemFilters.model_fields))


class GivenFilters(ItemFilters):
    """Filters in a body, where a list is a list and true is true; an address has only texts."""

    state: list[State] = Field(default=[], description="In one of these states.")
    label: list[LabelName] = Field(default=[], description="The machine suggests one of these labels.")
    disputed: StrictBool | None = Field(default=None, description="The judges disagree.")
    recheck: StrictBool | None = Field(default=None, description="New evidence would change the verdict decided on.")


class ItemQuery(ItemFilters):
    """Filters, and which page of what they leave."""

    page: int = Field(default=1, ge=1, le=100_000, description="Page, from 1.")
    size: int = Field(default=50, ge=1, le=MAX_PAGE, description="Items a page.")


class ChangeIn(_In):
    """What goes with an action. Which fields an action takes: see the operation."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"version": 2, "label": "supported", "reason": "TASS reported the meeting itself on 23 June."},
                {"comment": "The date in the quote is wrong; please look again."},
                {},
            ]
        },
    )

    version: Number | None = Field(
        default=None, ge=1, description="The version it is meant for; 409 if there is a newer."
    )
    label: LabelName | None = Field(default=None, description="`decide`: the label. Second review: your own.")
    rating: RatingName | None = Field(default=None, description="Only where you rule the content true or false.")
    reason: Prose = Field(default="", description="`decide`: why, for readers.")
    comment: Prose = Field(default="", description="For colleagues; `return`, `reopen` and `comment` need one.")
    to_user: Id | None = Field(default=None, description="`hand_over`: to whom.")
    into: Id | None = Field(default=None, description="`merge`: the item it goes into.")
    blind: StrictBool = Field(default=False, description="`decide`: without having seen the machine's verdict.")
    evidence: Annotated[list[Annotated[str, Field(max_length=200), AfterValidator(storable)]], Field(max_length=50)] = (
        Field(default=[], description="`decide`: ids of the sources that decide it; they make it a case for the evals.")
    )

    def change(self) -> Change:
        """As the queue takes it."""
        return Change(**{**self.model_dump(), "evidence": tuple(self.evidence)})


_REQUIRED: dict[str, tuple[Any, Any]] = {
    "label": (LabelName, Field(description="The label.")),
    "reason": (Prose, Field(pattern=r"\S", description="Why, for readers.")),
    "comment": (Prose, Field(pattern=r"\S", description="For colleagues.")),
    "to_user": (Id, Field(description="To whom.")),
    "into": (Id, Field(description="The item it goes into.")),
}
_EXAMPLES: dict[Action, dict[str, Any]] = {
    Action.DECIDE: {"version": 2, "label": "supported", "reason": "TASS reported the meeting itself on 23 June."},
    Action.HAND_OVER: {"to_user": "usr-5c1f0e9d7a2b4c6d8e0f1a2b", "comment": "You know the subject."},
    Action.MERGE: {"into": "itm-5c1f0e9d7a2b4c6d8e0f1a2b"},
    Action.RETURN: {"version": 4, "comment": "The date in the quote is wrong; please look again."},
    Action.REOPEN: {"comment": "The number was corrected by its source."},
    Action.COMMENT: {"comment": "Called the ministry; they call back tomorrow."},
    Action.KEEP: {"comment": "The new article repeats the old one."},
}


def requires(action: Action) -> tuple[str, ...]:
    """Fields that an action cannot do without, by the transition table."""
    rule = RULES[action]
    fields = {
        "label": rule.label,
        "reason": rule.label,
        "comment": rule.comment,
        "to_user": action is Action.HAND_OVER,
        "into": action is Action.MERGE,
    }
    return tuple(name for name, needed in fields.items() if needed)


def change_model(action: Action) -> type[ChangeIn]:
    """What goes with an action: `ChangeIn`, with what it cannot do without required."""
    fields: Any = {name: _REQUIRED[name] for name in requires(action)}
    name = "".join(part.capitalize() for part in action.split("_")) + "In"
    example = _EXAMPLES.get(action, {"version": 2})
    made = create_model(name, __base__=ChangeIn, __doc__=f"What goes with `{action}`.", **fields)
    made.model_config["json_schema_extra"] = {"examples": [example]}
    return made


class BulkIn(_In):
    """One action on everything that is filtered."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"filters": {"state": ["new"], "q": "jembatan"}, "action": "claim"}]},
    )

    filters: GivenFilters = GivenFilters()
    action: Literal["claim", "release", "hand_over", "take_second", "return", "publish", "comment"]
    comment: Prose = ""
    to_user: Id | None = None
    expected: Number | None = Field(default=None, ge=0, description="Refuse (409) unless just so many items are meant.")


class ViewIn(_In):
    """A view to save."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "Disputed, in Indonesian", "query": {"disputed": True}}]},
    )

    name: Annotated[str, Field(min_length=1, max_length=80), AfterValidator(storable)]
    query: GivenFilters


class UserIn(_In):
    """A user to add."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "rina", "display_name": "Rina", "role": "checker", "password": "sepuluh kata acak"}]
        },
    )

    name: Annotated[str, Field(max_length=63)]
    display_name: Short = ""
    role: Role
    password: Annotated[str, Field(max_length=1024)] | None = Field(
        default=None, description="Null for somebody who signs in with OpenID Connect."
    )
    subject: Short = Field(default="", description="OpenID Connect: issuer, `#` and subject.")


class UserChange(_In):
    """What to change about a user."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"role": "editor"}, {"active": False}]})

    role: Role | None = None
    active: StrictBool | None = None
    password: Annotated[str, Field(max_length=1024)] | None = None


class TokenIn(_In):
    """An API token to make."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "nightly export", "scopes": ["read"], "days": 90}]}
    )

    name: Annotated[str, Field(min_length=1, max_length=80), AfterValidator(storable)]
    scopes: Annotated[list[ScopeName], Field(min_length=1)]
    days: Number = Field(default=90, ge=1, le=365)


class PasswordIn(_In):
    """A change of one's own password."""

    current: Annotated[str, Field(max_length=1024)]
    password: Annotated[str, Field(max_length=1024)]


class SignIn(_In):
    """Name and password."""

    name: Annotated[str, Field(max_length=80)]
    password: Annotated[str, Field(max_length=1024)]


def etag(item: Item) -> str:
    """The ETag of an item: its version."""
    return f'"{item.id}.{item.version}"'


def version_of(header: str, item_id: str) -> int | None:
    """The version that an If-Match header names; None for `*`, 0 where it names none of this item's."""
    if header.strip() == "*":
        return None
    match = re.search(rf'"{re.escape(item_id)}\.(\d{{1,9}})"', header)
    return int(match[1]) if match else 0
