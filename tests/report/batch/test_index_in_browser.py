"""The index in a real browser: offline, wide and narrow, light and dark, no violation of axe."""

import json
from importlib import resources
from pathlib import Path

import pytest

from funnelkit.report.batch.index import write_index

sync_api = pytest.importorskip("playwright.sync_api")
pytest.importorskip("axe_playwright_python", reason="the script of axe is in the extra `browser`")
pytestmark = pytest.mark.browser

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
HOSTILE = "<img src=x onerror=alert(1)>\u202e"
SAID = """
async () => (await axe.run(document, {resultTypes: ['violations']})).violations
    .map((one) => `${one.id} (${one.impact}): ${one.nodes[0].html}`)
"""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("reports")
    for place, only in (("2026-09", None), ("2026-10", None), ("region=x/2026-10", [HOSTILE])):
        folder = home / place
        folder.mkdir(parents=True)
        (folder / "monthly_report.html").write_text("page", encoding="utf-8")
        cards = [
            {"measure": name, "name": name, "value": "1,303", "immature": "rate" in name,
             "interval": "95 % interval 1,233 to 1,376"}
            for name in ("Wins", "New leads", "Value won", "Value per win", f"rate {HOSTILE}")
        ]  # fmt: skip
        content = {
            "report": "monthly",
            "parameters": {"only": only},
            "as_of": "2026-10-31",
            "facts": {"headline": f"No clear change {HOSTILE}", "cards": cards},
            "outputs": [{"name": "monthly_report.html"}],
        }
        (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
    return write_index(home)


def test_it_is_read_offline_at_every_width_and_scheme(index: Path, chromium: Path) -> None:
    axe = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium), args=FLAGS)
        for width in (1200, 390):
            for scheme in ("light", "dark"):
                context = browser.new_context(
                    viewport={"width": width, "height": 900}, color_scheme=scheme,
                    bypass_csp=True,
                )  # fmt: skip
                page = context.new_page()
                asked, dialogs = [], []
                page.on("request", lambda one: asked.append(one.url))  # noqa: B023
                page.on("dialog", lambda one: dialogs.append(one.message))  # noqa: B023
                page.goto(index.as_uri())
                assert asked == [index.as_uri()]
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                page.evaluate(axe)
                assert page.evaluate(SAID) == [], (width, scheme)
                shown = page.inner_text("main")
                assert "2026-09" in shown
                assert "1,233 to 1,376" in shown
                assert "immature" in shown
                assert dialogs == []
                context.close()
        browser.close()
