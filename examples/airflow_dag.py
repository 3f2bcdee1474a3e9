"""The monthly report as an Airflow DAG (Airflow 3; this file goes into the folder of DAGs).

Exports come as they come today (here by a script of yours). The second task audits them and stops
the run on errors; the third writes the report. A run may be repeated: the same exports give the
same file.
"""

from __future__ import annotations

import os

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

FUNNEL = os.environ.get("FUNNEL", "/srv/funnel")  # funnel.yml, the exports and .venv
ZONE = "Europe/Berlin"  # as in funnel.yml
LAST_MONTH = "{{ (dag_run.run_after.replace(day=1) - macros.timedelta(days=1)).strftime('%Y-%m') }}"

with DAG(
    dag_id="funnelkit_monthly",
    schedule="30 6 2 * *",  # the second of each month
    start_date=pendulum.datetime(2026, 1, 1, tz=ZONE),
    catchup=False,
    max_active_runs=1,
    tags=["sales"],
) as dag:
    fetch = BashOperator(
        task_id="fetch",
        cwd=FUNNEL,
        bash_command="./fetch_exports.sh ",  # the blank: else Airflow looks for a template file
    )
    audit = BashOperator(
        task_id="audit",
        cwd=FUNNEL,
        bash_command=".venv/bin/funnelkit audit --config funnel.yml",
    )
    report = BashOperator(
        task_id="report",
        cwd=FUNNEL,
        bash_command=".venv/bin/funnelkit report monthly --config funnel.yml --month " + LAST_MONTH,
        retries=1,
        retry_delay=pendulum.duration(minutes=10),
    )
    fetch >> audit >> report
