"""The monthly report as a Dagster job, one partition a month (``dagster dev -f dagster_job.py``).

Exports come as they come today. The first asset is the audit, and stops the run on errors; the
second is the report. Any month can be written again: the same exports give the same file.
"""

import os
import subprocess
from pathlib import Path

import dagster as dg

FUNNEL = Path(os.environ.get("FUNNEL", "/srv/funnel"))  # funnel.yml, the exports and .venv
MONTHS = dg.MonthlyPartitionsDefinition(start_date="2026-01-01", timezone="Europe/Berlin")


def funnelkit(*arguments: str) -> str:
    """Run a command of funnelkit, and return what it says; an error of it fails the asset."""
    command = [str(FUNNEL / ".venv" / "bin" / "funnelkit"), *arguments]
    done = subprocess.run(command, cwd=FUNNEL, check=False, capture_output=True, encoding="utf-8")
    if done.returncode:
        raise dg.Failure(description=done.stderr or done.stdout)
    return done.stdout


@dg.asset(partitions_def=MONTHS, group_name="sales")
def audited_exports(context: dg.AssetExecutionContext) -> None:
    """The exports, looked through: an error that would falsify figures stops here."""
    context.log.info(funnelkit("audit", "--config", "funnel.yml"))


@dg.asset(partitions_def=MONTHS, group_name="sales", deps=[audited_exports])
def monthly_report(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """The page, the workbook and the notebook of one month, in reports/<month>/."""
    month = context.partition_key[:7]
    said = funnelkit("report", "monthly", "--config", "funnel.yml", "--month", month, "--json")
    return dg.MaterializeResult(metadata={"said": dg.MetadataValue.text(said)})


monthly = dg.define_asset_job("funnelkit_monthly", [audited_exports, monthly_report])
on_the_second = dg.build_schedule_from_partitioned_job(
    monthly, day_of_month=2, hour_of_day=6, minute_of_hour=30
)
defs = dg.Definitions(
    assets=[audited_exports, monthly_report], jobs=[monthly], schedules=[on_the_second]
)
