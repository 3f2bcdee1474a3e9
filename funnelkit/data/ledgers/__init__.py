"""Data tables that hold no leads: spend, visitors, activities, subscriptions, quotas, contracts."""

from __future__ import annotations

from funnelkit.data.ledgers.agreements import (
    read_contracts,
    read_quotas,
    read_subscriptions,
)
from funnelkit.data.ledgers.given import as_ledger
from funnelkit.data.ledgers.ledger import Ledger
from funnelkit.data.ledgers.readers import read_activities, read_spend, read_visitors
from funnelkit.data.ledgers.schemas import Field, Schema

__all__ = [
    "Field",
    "Ledger",
    "Schema",
    "as_ledger",
    "read_activities",
    "read_contracts",
    "read_quotas",
    "read_spend",
    "read_subscriptions",
    "read_visitors",
]
