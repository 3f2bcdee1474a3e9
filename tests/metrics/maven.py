"""The Maven export as leads, for the tests of metrics."""

from __future__ import annotations

from pathlib import Path

import funnelkit as fk


def maven_leads(shared_data: Path, **changed: object) -> fk.Leads:
    """Return the opportunities, with the agent and the product as segments."""
    given: dict[str, object] = {
        "exits": ["lost"],
        "id": "opportunity_id",
        "columns": {"opportunity": "engage_date"},
        "status": "deal_stage",
        "status_date": "close_date",
        "status_values": {"opportunity": ["Engaging", "Prospecting"]},
        "value": "close_value",
        "owner": "sales_agent",
        "segments": ["sales_agent", "product"],
    }
    funnel = fk.Funnel(["opportunity", "won"], **(given | changed))
    path = shared_data / "maven_crm" / "sales_pipeline.csv"
    return fk.read_csv(path, funnel, as_of="2017-12-31")
