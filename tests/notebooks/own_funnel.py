"""A funnel.yml of one's own, with its export beside it, as a user has them."""

from pathlib import Path

from funnelkit.data.simulate import simulate_frame

WORDS = """\
stages: [lead, mql, sql, opportunity, won]
exits: [lost, disqualified]
id: lead_id
columns:
  lead: created_at
  mql: mql_at
  sql: sql_at
  opportunity: opportunity_at
  won: won_at
  lost: lost_at
  disqualified: disqualified_at
value: amount
owner: owner
account: account_id
segments: [source, region, size]
as_of: 2026-06-30
data:
  files: leads.csv
experiments:
  - name: Two regions
    variants: [Americas, EMEA, APAC]
    assignment: region
    within: 90
    randomised: false
"""


def written(folder: Path, *, n: int = 3_000) -> Path:
    """Write both, and return the path of the funnel.yml."""
    simulate_frame(n, rng=8, months=18).frame.to_csv(folder / "leads.csv", index=False)
    path = folder / "funnel.yml"
    path.write_text(WORDS, encoding="utf-8")
    return path
