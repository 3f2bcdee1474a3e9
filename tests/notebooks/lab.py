"""JupyterLab as `make lab` starts it, in headless Chromium, and whatever it asks of the network."""

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tools.make import LAB, LAB_SETTINGS

PATIENCE = 300  # seconds for anything that only hangs when it is broken
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
HERE = {"127.0.0.1", "localhost", "::1", "0.0.0.0", ""}
# In every Python of the server and its kernels: each address and name that is not this machine.
WATCH = """
import os, sys
def watch(event, given):
    if event == "socket.connect":
        where = given[1][0] if isinstance(given[1], tuple) else ""
    elif event == "socket.getaddrinfo":
        where = given[0] or ""
    else:
        return
    where = where.decode() if isinstance(where, bytes) else str(where)
    if where not in {here!r}:
        with open({log!r}, "a", encoding="utf-8") as log:
            log.write(where + "\\n")
sys.addaudithook(watch)
"""
RUN_ALL_DONE = """
() => {
  const cells = [...window.jupyterapp.shell.currentWidget.content.model.cells];
  const code = cells.filter((cell) => cell.type === 'code');
  const failed = code.some((cell) => cell.outputs.toJSON().some((o) => o.output_type === 'error'));
  const idle = window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status;
  return failed || (idle === 'idle' && code.every((cell) => cell.executionCount));
}
"""
OPENED = """
(name) => {
  const shown = window.jupyterapp?.shell.currentWidget;
  const kernel = shown?.sessionContext?.session?.kernel;
  return shown?.context?.path.endsWith(name) && shown.context.isReady && kernel?.status === 'idle'
    && kernel.connectionStatus === 'connected' && shown.content.widgets.length > 0;
}
"""


class Lab:
    """A running JupyterLab and one browser tab on it.

    Parameters
    ----------
    folder
        Its root, with a folder `notebooks`.
    tab
        The page of the browser.
    server
        Its address and token.
    """

    def __init__(self, folder: Path, tab: Any, server: dict[str, Any]) -> None:
        self.folder, self.tab, self.server = folder, tab, server
        self.asked: list[str] = []
        tab.on("request", lambda one: self.asked.append(one.url))
        tab.on("websocket", lambda one: self.asked.append(one.url))

    def listed(self) -> list[str]:
        """Names in the file browser, from top to bottom."""
        return self.tab.locator(".jp-DirListing-content .jp-DirListing-itemText").all_inner_texts()

    def run_all(self, name: str) -> list[dict[str, Any]]:
        """Open a notebook by a double click, await its kernel, run all; its code cells as saved."""
        entry = self.tab.locator(".jp-DirListing-itemText").get_by_text(name, exact=True)
        entry.dblclick()
        self.tab.wait_for_function(OPENED, arg=name)
        self.tab.get_by_role("menuitem", name="Run", exact=True).click()
        self.tab.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        self.tab.wait_for_function(RUN_ALL_DONE)
        self.tab.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
        saved = json.loads((self.folder / "notebooks" / name).read_text(encoding="utf-8"))
        return [cell for cell in saved["cells"] if cell["cell_type"] == "code"]

    def close(self) -> None:
        """Close the notebook that is open, and end its kernel."""
        self.tab.evaluate(
            "async () => { const open = window.jupyterapp.shell.currentWidget;"
            " await open.sessionContext.shutdown(); open.dispose(); }"
        )

    def elsewhere(self) -> list[str]:
        """Addresses off this machine that the browser, the server or a kernel asked for."""
        hosts = [urlsplit(url).hostname or "" for url in self.asked if not url.startswith("data:")]
        return [*(host for host in hosts if host not in HERE), *asked_by_python(self.folder)]


def watched(folder: Path) -> dict[str, str]:
    """Environment in which every Python notes in the folder what it asks off this machine."""
    home = folder / "home"
    home.mkdir()
    watch = WATCH.format(here=HERE, log=str(folder / "elsewhere.txt"))
    (home / "sitecustomize.py").write_text(watch, encoding="utf-8")
    path = os.pathsep.join(filter(None, [str(home), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path}


def asked_by_python(folder: Path) -> list[str]:
    """What any Python asked off this machine."""
    log = folder / "elsewhere.txt"
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


@contextmanager
def serving(folder: Path) -> Iterator[dict[str, Any]]:
    """Start JupyterLab in a folder, with nobody's settings; its address once it answers."""
    environment, home = watched(folder), folder / "home"
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    told = {name: str(home / name.lower()) for name in names}
    environment |= {**told, "JUPYTER_CONFIG_PATH": str(LAB_SETTINGS)}
    environment.pop("MPLBACKEND", None)  # the kernel's own draws into the notebook
    token = secrets.token_hex(16)
    own = ("--no-browser", "--allow-root", "--port=0", f"--IdentityProvider.token={token}")
    command = [sys.executable, "-m", "jupyterlab", *LAB, *own, "--expose-app-in-browser"]
    with (folder / "server.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            yield {**answering(process, home / "jupyter_runtime_dir"), "log": folder / "server.log"}
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)


def answering(process: subprocess.Popen[bytes], runtime: Path) -> dict[str, Any]:
    """What the server says of itself, once it answers."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        for file in runtime.glob("jpserver-*.json"):
            try:
                server: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
                status = f"{server['url']}api/status?token={server['token']}"
                with urllib.request.urlopen(status, timeout=10):
                    return server
            except (OSError, ValueError):
                continue
        time.sleep(0.2)
    raise TimeoutError("JupyterLab did not start; its log lies beside the notebooks.")


@contextmanager
def opened(folder: Path, chromium: Path, server: dict[str, Any]) -> Iterator[Lab]:
    """Open JupyterLab in a browser as `make lab` does."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium), args=FLAGS)
        context = browser.new_context(viewport={"width": 1400, "height": 1000})
        context.set_default_timeout(1000 * PATIENCE)
        lab = Lab(folder, context.new_page(), server)
        lab.tab.goto(f"{server['url']}?token={server['token']}")
        lab.tab.wait_for_function(OPENED, arg="00_quickstart.ipynb")
        yield lab
        browser.close()
