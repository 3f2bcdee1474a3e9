"""Each report of each kind on simulated data and on real exports, in a browser without network.

The suite looks at some of them; this looks at all, wide and narrow and printed, and prints a line
for each: bytes, requests, what axe finds, what runs over the edge. The pictures are to be looked
at by a person::

    python -m tests.report.every FOLDER [--shared ../shared/data] [DATA-KIND ...]
"""

import argparse
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import funnelkit as fk
from tests.conftest import BROWSERS

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
LARGEST = 500_000
WIDTHS = (1200, 390)
OPEN = "document.querySelectorAll('details').forEach((each) => { each.open = true; })"
AXE = """
async () => (await axe.run(document, {resultTypes: ['violations']})).violations
  .map((one) => `${one.id} (${one.impact}): ${one.nodes[0].html}`)
"""
BEYOND = """
() => [...document.querySelectorAll('main *')].filter((one) => {
  if (one.closest('svg, .unseen, .scroll')) return false;
  return one.getBoundingClientRect().right > innerWidth + 4;
}).map((one) => `${one.tagName} ${one.textContent.slice(0, 40)}`)
"""
KINDS = ("daily", "weekly", "monthly", "quarterly", "experiment", "trial")
CONFIGS = {
    "olist": """\
stages: [lead, won]
id: mql_id
columns: {{lead: first_contact_date, won: won_date}}
value: declared_monthly_revenue
segments: [origin]
out_of_order: drop
as_of: 2018-05-31
recorded_from: 2017-12-05
data:
  files: {shared}/olist/olist_marketing_qualified_leads_dataset.csv
  join: {shared}/olist/olist_closed_deals_dataset.csv
experiments:
  - name: Origins
    variants: [organic search, paid search, social, direct traffic, email, referral, unknown,
      other, display, other publicities]
    assignment: origin
    within: 30
    randomised: false
""",
    "maven": """\
stages: [opportunity, won]
exits: [lost]
id: opportunity_id
status: deal_stage
status_date: close_date
status_values: {{won: Won, lost: Lost, opportunity: [Engaging, Prospecting]}}
columns: {{opportunity: engage_date}}
value: close_value
owner: sales_agent
account: account
segments: [product]
as_of: 2017-12-31
recorded_from: 2017-03-01
data: {shared}/maven_crm/sales_pipeline.csv
experiments:
  - name: Products
    variants: [GTX Basic, GTXPro, GTX Plus Basic, GTX Plus Pro, MG Special, MG Advanced, GTK 500]
    assignment: product
    within: 60
    randomised: false
""",
}
TRIED = {
    "olist": ("olist_marketing_qualified_leads_dataset.csv", "olist_closed_deals_dataset.csv"),
    "maven": ("sales_pipeline.csv",),
}
FOLDERS = {"olist": "olist", "maven": "maven_crm"}


def makers(shared: Path, folder: Path) -> Iterator[tuple[str, str, Callable[[], Any]]]:
    """Yield the data, the kind and what makes the page."""
    for kind in KINDS[:-1]:
        yield "simulated", kind, getattr(fk.report, kind)
    for data, text in CONFIGS.items():
        home = folder / data
        home.mkdir(parents=True, exist_ok=True)
        config = home / "funnel.yml"
        config.write_text(text.format(shared=shared.as_posix()), encoding="utf-8")
        for kind in KINDS[:-1]:
            yield data, kind, lambda kind=kind, at=config: getattr(fk.report, kind)(config=at)
        files = [shared / FOLDERS[data] / name for name in TRIED[data]]
        yield data, "trial", lambda files=files: fk.report.trial(*files)


def looked_at(browser: Any, page: Path, *, pictures: Path | None = None) -> list[str]:
    """Return what is wrong with a page, wide and narrow; with pictures and a print beside it."""
    script = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    wrong = []
    if page.stat().st_size > LARGEST:
        wrong.append(f"{page.stat().st_size:,} bytes")
    for width in WIDTHS:
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
        tab = context.new_page()
        asked: list[str] = []
        tab.on("request", lambda one, asked=asked: asked.append(one.url))
        tab.goto(page.as_uri())
        if pictures is not None:
            tab.screenshot(path=str(pictures / f"{page.stem}-{width}.png"), full_page=True)
        wrong += [f"{width} px: {one} runs over the edge" for one in tab.evaluate(BEYOND)]
        tab.evaluate(OPEN)
        tab.evaluate(script)
        wrong += [f"{width} px: {one}" for one in tab.evaluate(AXE)]
        wrong += [f"{width} px: asked for {one}" for one in asked[1:]]
        if pictures is not None and width == WIDTHS[0]:
            tab.pdf(path=str(pictures / f"{page.stem}.pdf"), format="A4")
        context.close()
    return wrong


def main(arguments: list[str]) -> int:
    """Look at all pages, or at some; 1 where something is wrong."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("only", nargs="*", metavar="DATA-KIND", help="such as olist-weekly")
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    chromium = next(where for name in BROWSERS if (where := shutil.which(name)))
    failed = False
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for data, kind, make in makers(given.shared.resolve(), given.folder):
            page = given.folder / f"{data}-{kind}.html"
            if given.only and page.stem not in given.only:
                continue
            page.write_text(make().to_html(), encoding="utf-8", newline="\n")
            wrong = looked_at(browser, page.resolve(), pictures=given.folder)
            failed |= bool(wrong)
            size = f"{page.stat().st_size:>9,} bytes"
            print(f"{page.stem:<22}{size}, 1 request  {wrong or 'nothing wrong'}", flush=True)
        browser.close()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
