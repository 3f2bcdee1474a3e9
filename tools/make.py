"""What `make` does, for every system: set up `.venv`, then run one action in it.

Needs Python 3.11 or later and nothing else::

    python tools/make.py test
    python tools/make.py report

The first run installs the pins of `constraints.txt` into `.venv`, with uv if it can be had and
with pip otherwise. Later runs see by a stamp that nothing has changed, and start at once.
"""

import sys

if sys.hexversion < 0x030B0000:
    sys.exit("funnelkit needs Python 3.11 or later; this is " + sys.version.split()[0])

import argparse
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMP = VENV / "funnelkit-stamp.txt"
CONSTRAINTS = ROOT / "constraints.txt"
DOCS = ROOT / "build" / "docs"
LAB = (
    "--ServerApp.preferred_dir=notebooks",
    "--LabApp.default_url=/lab/tree/notebooks/00_quickstart.ipynb",
    "--LabApp.extension_manager=readonly",  # no catalogue of extensions
)
LAB_SETTINGS = ROOT / "tools" / "jupyter"  # no news, and no look for newer versions
CACHES = (".hypothesis", ".import_linter_cache", ".mypy_cache", ".pytest_cache", ".ruff_cache")


def tool(name: str, *, windows: bool = os.name == "nt") -> Path:
    """Where the environment keeps the command `name` on this system."""
    return VENV / ("Scripts" if windows else "bin") / (f"{name}.exe" if windows else name)


def run(*command: str | Path) -> int:
    """Exit code of `command`, run in the checkout."""
    sys.stdout.flush()
    return subprocess.run([str(part) for part in command], cwd=ROOT, check=False).returncode


def python(*arguments: str | Path) -> int:
    """Exit code of the environment's Python with `arguments`."""
    return run(tool("python"), *arguments)


# --- the environment ------------------------------------------------------------------


def environment_python() -> str | None:
    """Version of the Python in `.venv`, or None where it does not run or is too old."""
    show = "import sys; print(sys.version, *sys.version_info[:2], sep='|')"
    try:
        found = subprocess.run(
            [str(tool("python")), "-c", show], capture_output=True, encoding="utf-8", check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    version, major, minor = found.stdout.strip().rsplit("|", 2)
    return version if (int(major), int(minor)) >= (3, 11) else None


def stamp(version: str) -> str:
    """What the environment was made from, as one short text."""
    digest = hashlib.sha256(f"{version}\n{ROOT}\n".encode())
    for source in (ROOT / "pyproject.toml", CONSTRAINTS):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def is_current() -> bool:
    """Whether `.venv` runs and holds what pyproject.toml and constraints.txt ask for."""
    version = environment_python()
    if version is None or not STAMP.is_file():
        return False
    return STAMP.read_text(encoding="utf-8") == stamp(version)


def create() -> None:
    """Make an empty `.venv`, which has pip."""
    shutil.rmtree(VENV, ignore_errors=True)
    if run(sys.executable, "-m", "venv", VENV) == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    uv = shutil.which("uv")  # Debian keeps what venv needs in a package of its own
    if uv is None or run(uv, "venv", "--quiet", "--seed", "--python", sys.executable, VENV):
        sys.exit("This Python cannot create an environment (on Debian: apt install python3-venv).")


def find_uv() -> Path | None:
    """The uv on the path, or the pinned one put into `.venv`; None where neither can be had."""
    found = shutil.which("uv")
    if found is not None:
        return Path(found)
    if not tool("uv").is_file():
        quiet = ("--quiet", "--disable-pip-version-check")
        python("-m", "pip", "install", *quiet, "--constraint", CONSTRAINTS, "uv")
    return tool("uv") if tool("uv").is_file() else None


def install(extra: str = "dev") -> None:
    """Put the package, editable, and its pinned dependencies (those of `extra`) into `.venv`."""
    what = ("--constraint", CONSTRAINTS, "--editable", f".[{extra}]")
    uv = find_uv()
    if uv is not None:
        target = ("--python", tool("python"), "--compile-bytecode")
        if run(uv, "pip", "install", "--quiet", *target, *what) == 0:
            return
        print("uv could not install; trying pip.")
    if python("-m", "pip", "install", "--disable-pip-version-check", "--quiet", *what):
        sys.exit("The dependencies could not be installed; the reason stands above.")


def setup(*_: str) -> int:
    """Bring `.venv` up to date; quick when it is."""
    if is_current():
        return 0
    print(f"Setting up {VENV.name} (once, a minute or two) ...")
    if environment_python() is None:
        create()
    STAMP.unlink(missing_ok=True)
    install()
    STAMP.write_text(stamp(environment_python() or ""), encoding="utf-8")
    return 0


# --- the actions ----------------------------------------------------------------------


def report(*arguments: str) -> int:
    """Write the example report, from simulated data, into reports/."""
    return run(tool("funnelkit"), "report", "monthly", *(arguments or ("--demo",)))


def test(*arguments: str) -> int:
    """Run the whole suite: tests, layers, doctests of the package and the README."""
    parallel = ("-n", "auto", "--maxprocesses", "4", "--dist", "loadscope")
    return python("-m", "pytest", *parallel, *arguments)


def lab(*arguments: str) -> int:
    """Open JupyterLab on notebooks/, at the quickstart; it asks nothing of the network."""
    own = os.environ.get("JUPYTER_CONFIG_PATH", "")
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, [str(LAB_SETTINGS), own]))
    return python("-m", "jupyterlab", *LAB, *arguments)


def bench(*arguments: str) -> int:
    """Run every benchmark: the claims about speed, each a ratio measured in one run."""
    scripts = sorted((ROOT / "benchmarks").glob("bench_*.py"))
    return max([python(script, *arguments) for script in scripts], default=0)


def check(*arguments: str) -> int:
    """Check style, format, types and layers; `--fix` mends what ruff can."""
    mend = "--fix" in arguments
    codes = [
        python("-m", "ruff", "check", *(("--fix",) if mend else ())),
        python("-m", "ruff", "format", *(() if mend else ("--check",))),
        python("-m", "mypy"),
        run(tool("lint-imports")),
    ]
    return max(codes)


def docs(*arguments: str) -> int:
    """Build the documentation into build/docs; `-D nb_execution_mode=off` runs no notebook."""
    there = "import importlib.util as of, sys; sys.exit(not of.find_spec('myst_nb'))"
    if python("-c", there):  # an extra that only this needs
        print("Installing what the documentation is built with (once) ...")
        install("docs")
    strict = ("-m", "sphinx", "--builder", "html", "--fail-on-warning", "--quiet")
    code = python(*strict, *arguments, "docs", DOCS)
    if code == 0:
        print(f"Written: {DOCS / 'index.html'}")
    return code


def clean(*_: str) -> int:
    """Remove the environment and every cache; reports stay."""
    for folder in (VENV, ROOT / "build", ROOT / "dist", *(ROOT / name for name in CACHES)):
        shutil.rmtree(folder, ignore_errors=True)
    for folder in list(bytecode_folders()):
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def bytecode_folders() -> Iterator[Path]:
    """Every __pycache__ of the checkout's own folders."""
    for folder in ROOT.iterdir():
        if folder.is_dir() and not folder.name.startswith("."):
            yield from folder.rglob("__pycache__")


ACTIONS: dict[str, Callable[..., int]] = {
    "setup": setup,
    "report": report,
    "test": test,
    "lab": lab,
    "bench": bench,
    "check": check,
    "docs": docs,
    "clean": clean,
}


def main(arguments: list[str]) -> int:
    """Run the action that `arguments` name; what follows the name goes to it as it is."""
    told = [f"{name:<8}{act.__doc__}" for name, act in ACTIONS.items()]
    parser = argparse.ArgumentParser(
        prog="python tools/make.py",
        epilog="\n".join(told),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", choices=ACTIONS, metavar="action")
    chosen, rest = parser.parse_known_args(arguments)
    action = ACTIONS[chosen.action]
    if action not in (setup, clean):
        setup()
    return action(*rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
