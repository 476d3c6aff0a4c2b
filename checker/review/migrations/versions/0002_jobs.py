"""Background jobs, the vectors of claims, and what webhooks need to be retried.

Revision: 0002_jobs
"""

import sqlalchemy as sa
from alembic import op

revision = "0002_jobs"
down_revision = "0001_queue"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add to what is there; nothing is rewritten."""
    op.add_column("checks", sa.Column("worker", sa.String(length=64), nullable=True))
    op.add_column("checks", sa.Column("not_before", _WHEN, nullable=True))
    op.create_index("ix_checks_status_created_at", "checks", ["status", "created_at"], unique=False)
    op.create_table(
        "check_events",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("check_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("at", _WHEN, nullable=False),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name=op.f("fk_check_events_check_id_checks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_events")),
    )
    op.create_index(op.f("ix_check_events_check_id"), "check_events", ["check_id"], unique=False)
    op.create_table(
        "item_vectors",
        sa.Column("item_id", sa.String(length=40), nullable=False),
        sa.Column("embedder", sa.String(length=160), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_item_vectors_item_id_items")),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_item_vectors")),
    )
    op.add_column("decisions", sa.Column("evidence", sa.JSON(), nullable=True))
    op.add_column("webhooks", sa.Column("created_by", sa.String(length=40), nullable=True))
    op.add_column("deliveries", sa.Column("event", sa.String(length=32), nullable=False, server_default=""))
    op.add_column("deliveries", sa.Column("lease_until", _WHEN, nullable=True))
    op.add_column("deliveries", sa.Column("sent_at", _WHEN, nullable=True))
    op.create_index("ix_deliveries_status_next_at", "deliveries", ["status", "next_at"], unique=False)


def downgrade() -> None:
    """Migrations go forward only: going back would lose what people decided."""
    raise NotImplementedError("restore a backup instead")
