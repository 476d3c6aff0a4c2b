"""The queue's tables. SQLAlchemy Core metadata; the migrations under `migrations/` make them and are append-only.

Machine verdicts, decisions and events are written once and never changed: triggers in the database refuse it, so that
no bug and no hurried hand can rewrite what happened.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from checker.review.transitions import Role, State

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_ID = String(40)
_WHEN = DateTime(timezone=True)
# A growing number that orders events even within one clock tick; SQLite only counts up on INTEGER.
_SERIAL = BigInteger().with_variant(Integer, "sqlite")


def _one_of(column: str, values: list[str]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


users = Table(
    "users",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("display_name", String(120), nullable=False),
    Column("password_hash", String(255)),
    Column("role", String(16), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("subject", String(255), unique=True),
    Column("created_at", _WHEN, nullable=False),
    _one_of("role", [str(role) for role in Role]),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", _ID, ForeignKey("users.id"), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("created_at", _WHEN, nullable=False),
    Column("expires_at", _WHEN, nullable=False),
    Column("seen_at", _WHEN, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("user_id", _ID, ForeignKey("users.id"), nullable=False, index=True),
    Column("name", String(80), nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),
    Column("created_at", _WHEN, nullable=False),
    Column("expires_at", _WHEN),
    Column("revoked_at", _WHEN),
    Column("used_at", _WHEN),
)

login_tries = Table(
    "login_tries",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("name", String(80), nullable=False),
    Column("address", String(64), nullable=False),
    Column("at", _WHEN, nullable=False),
    Index("ix_login_tries_name_at", "name", "at"),
    Index("ix_login_tries_address_at", "address", "at"),
)

setup_links = Table(
    "setup_links",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("created_at", _WHEN, nullable=False),
    Column("expires_at", _WHEN, nullable=False),
    Column("used_at", _WHEN),
)

articles = Table(
    "articles",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("publisher", Text, nullable=False),
    Column("published_at", String(40)),
    Column("language", String(8), nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", _WHEN, nullable=False),
)

checks = Table(
    "checks",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("article_id", _ID, ForeignKey("articles.id")),
    Column("requested_by", _ID, ForeignKey("users.id")),
    Column("origin", String(16), nullable=False),
    Column("request", JSON, nullable=False),
    Column("status", String(16), nullable=False, index=True),
    Column("stage", String(16), nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("error", Text),
    Column("report", JSON),
    Column("attempts", Integer, nullable=False),
    Column("lease_until", _WHEN),
    Column("created_at", _WHEN, nullable=False),
    Column("finished_at", _WHEN),
    Column("worker", String(64)),
    Column("not_before", _WHEN),
    _one_of("status", ["queued", "running", "done", "failed"]),
    Index("ix_checks_status_created_at", "status", "created_at"),
)

check_events = Table(
    "check_events",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("check_id", _ID, ForeignKey("checks.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("stage", String(16), nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("message", Text, nullable=False),
    Column("at", _WHEN, nullable=False),
)

items = Table(
    "items",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("check_id", _ID, ForeignKey("checks.id"), index=True),
    Column("article_id", _ID, ForeignKey("articles.id"), index=True),
    Column("claim_id", _ID, nullable=False),
    Column("text", Text, nullable=False),
    Column("quote", Text, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("claim", JSON, nullable=False),
    Column("language", String(8), nullable=False),
    Column("text_hash", String(64), nullable=False, index=True),
    Column("state", String(24), nullable=False),
    Column("version", Integer, nullable=False),
    Column("holder_id", _ID, ForeignKey("users.id"), index=True),
    Column("lease_until", _WHEN),
    Column("decision_id", _ID),
    Column("decider_id", _ID, ForeignKey("users.id")),
    Column("published_before", Boolean, nullable=False),
    Column("merged_into", _ID, ForeignKey("items.id")),
    Column("disputed", Boolean, nullable=False),
    Column("recheck", Boolean, nullable=False),
    Column("checkworthiness", Float, nullable=False),
    Column("uncertainty", Float, nullable=False),
    Column("deadline", _WHEN),
    Column("need", Float, nullable=False),
    Column("machine_label", String(16), nullable=False),
    Column("created_at", _WHEN, nullable=False),
    Column("updated_at", _WHEN, nullable=False),
    _one_of("state", [str(state) for state in State]),
    UniqueConstraint("check_id", "claim_id"),
    Index("ix_items_state_need", "state", "need"),
)

item_vectors = Table(
    "item_vectors",
    metadata,
    Column("item_id", _ID, ForeignKey("items.id"), primary_key=True),
    Column("embedder", String(160), nullable=False),
    Column("vector", LargeBinary, nullable=False),
)

machine_verdicts = Table(
    "machine_verdicts",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("item_id", _ID, ForeignKey("items.id"), nullable=False, index=True),
    Column("label", String(16), nullable=False),
    Column("reason", String(24), nullable=False),
    Column("content_label", String(16), nullable=False),
    Column("confidence", Float, nullable=False),
    Column("origins", Integer, nullable=False),
    Column("judge", String(120), nullable=False),
    Column("disputed", Boolean, nullable=False),
    Column("citations", JSON, nullable=False),
    Column("notes", JSON, nullable=False),
    Column("versions", JSON, nullable=False),
    Column("as_of", String(40), nullable=False),
    Column("created_at", _WHEN, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("item_id", _ID, ForeignKey("items.id"), nullable=False, index=True),
    Column("user_id", _ID, ForeignKey("users.id"), nullable=False, index=True),
    Column("kind", String(8), nullable=False),
    Column("label", String(16), nullable=False),
    Column("rating", String(8)),
    Column("reason", Text, nullable=False),
    Column("blind", Boolean, nullable=False),
    Column("machine_verdict_id", _ID, ForeignKey("machine_verdicts.id")),
    Column("created_at", _WHEN, nullable=False),
    Column("evidence", JSON),
    _one_of("kind", ["first", "second"]),
    _one_of("label", ["supported", "unsupported", "needs_source"]),
    CheckConstraint("rating IS NULL OR rating IN ('true', 'false')", name="rating"),
)

events = Table(
    "events",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("item_id", _ID, ForeignKey("items.id"), index=True),
    Column("user_id", _ID, ForeignKey("users.id")),
    Column("action", String(32), nullable=False),
    Column("from_state", String(24)),
    Column("to_state", String(24)),
    Column("refused", String(64)),
    Column("detail", JSON, nullable=False),
    Column("at", _WHEN, nullable=False),
)

publications = Table(
    "publications",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("item_id", _ID, ForeignKey("items.id"), nullable=False, index=True),
    Column("decision_id", _ID, ForeignKey("decisions.id"), nullable=False),
    Column("correction_note", Text),
    Column("published_at", _WHEN, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("user_id", _ID, primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("request_hash", String(64), nullable=False),
    Column("status", Integer),
    Column("response", JSON),
    Column("created_at", _WHEN, nullable=False),
)

merge_suggestions = Table(
    "merge_suggestions",
    metadata,
    Column("item_id", _ID, ForeignKey("items.id"), primary_key=True),
    Column("other_id", _ID, ForeignKey("items.id"), primary_key=True),
    Column("similarity", Float, nullable=False),
    Column("dismissed_by", _ID, ForeignKey("users.id")),
    Column("created_at", _WHEN, nullable=False),
)

saved_views = Table(
    "saved_views",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("user_id", _ID, ForeignKey("users.id"), nullable=False),
    Column("name", String(80), nullable=False),
    Column("query", JSON, nullable=False),
    Column("created_at", _WHEN, nullable=False),
    UniqueConstraint("user_id", "name"),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("url", Text, nullable=False),
    Column("secret", String(128), nullable=False),
    Column("events", JSON, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", _WHEN, nullable=False),
    Column("created_by", _ID),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("webhook_id", _ID, ForeignKey("webhooks.id"), nullable=False, index=True),
    Column("event_id", _SERIAL, ForeignKey("events.id"), nullable=False),
    Column("body", Text, nullable=False),
    Column("status", String(12), nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("next_at", _WHEN, nullable=False),
    Column("last_error", Text),
    Column("created_at", _WHEN, nullable=False),
    Column("event", String(32), nullable=False, server_default=""),
    Column("lease_until", _WHEN),
    Column("sent_at", _WHEN),
    _one_of("status", ["pending", "sent", "dead"]),
    Index("ix_deliveries_status_next_at", "status", "next_at"),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("owner", String(120), nullable=False),
    Column("title", String(120), nullable=False),
    Column("created_at", _WHEN, nullable=False),
    Column("updated_at", _WHEN, nullable=False),
    Index("ix_conversations_owner_updated_at", "owner", "updated_at"),
)

turns = Table(
    "turns",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("turn_id", _ID, nullable=False),
    Column("conversation_id", _ID, ForeignKey("conversations.id"), nullable=False, index=True),
    Column("role", String(12), nullable=False),
    Column("text", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("data", JSON, nullable=False),
    Column("created_at", _WHEN, nullable=False),
    _one_of("role", ["user", "assistant"]),
)

WRITE_ONCE = ("machine_verdicts", "decisions", "events", "publications")
"""Tables whose rows are never changed and never deleted."""
