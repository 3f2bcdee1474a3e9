"""Draw docs/images/report.png anew: the top of the committed example report, small.

Run after the example report has changed; it wants Chromium or Chrome on the path::

    .venv/bin/python tools/picture.py
"""

import io
import shutil
import sys
from pathlib import Path

from PIL.Image import open as decoded
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "reports" / "example" / "monthly_report.html"
PICTURE = ROOT / "docs" / "images" / "report.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
WIDTH, HEIGHT = 1080, 1190
COLOURS = 48


def screenshot(browser: str) -> bytes:
    """The top of the report as a PNG, in light colours and without network."""
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = opened.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.goto(REPORT.as_uri())
        drawn = page.screenshot()
        opened.close()
    return drawn


def main() -> None:
    """Draw, with few colours, and write."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit("No Chromium or Chrome on the path.")
    picture = decoded(io.BytesIO(screenshot(browser))).convert("RGB")
    PICTURE.parent.mkdir(exist_ok=True)
    picture.quantize(COLOURS).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
