"""A notebook executed by papermill in a kernel of the running interpreter.

Two things make this quicker than papermill on its own. The kernel is started first and imports
the package while papermill is still being imported here; and papermill's import is spared the
compilation of a grammar (for a URL check of notebooks' schemas, which is never made) that takes
over a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import site
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from funnelkit._core.cores import one_thread
from funnelkit._core.errors import ReportError

Companion = Callable[[Mapping[str, str]], contextlib.AbstractContextManager[dict[str, Any]]]

_GRAMMAR = "rfc3987_syntax"
_ENGINE = "funnelkit"


class CellError(ReportError):
    """A cell of a notebook raised.

    Parameters
    ----------
    number
        The cell's number as Jupyter shows it.
    kind
        Name of the exception.
    message
        What it said.
    """

    def __init__(self, number: int, kind: str, message: str) -> None:
        self.number, self.kind, self.message = number, kind, message
        super().__init__(f"cell {number} raised {kind}: {message}")


def execute(
    notebook: Path,
    output: Path,
    parameters: Mapping[str, Any],
    *,
    preloads: Sequence[str] = (),
    companion: Companion | None = None,
    progress: bool = False,
) -> None:
    """Execute a notebook and write it, with its outputs, to another path.

    Parameters
    ----------
    notebook
        The notebook, with a cell tagged ``parameters``.
    output
        Where the executed notebook goes; also when a cell fails.
    parameters
        Values for the cell that papermill puts below the tagged one.
    preloads
        Modules that the kernel imports while papermill is still being imported here, or functions
        that it calls (``"package.module:function"``).
    companion
        Starts, and in the end stops, what the kernel is to have beside it, by its environment; it
        yields what the kernel is started with.
    progress
        Whether to draw a progress bar on stderr.

    Raises
    ------
    CellError
        If a cell raises.
    ReportError
        If the kernel does not start, or dies.
    """
    with _kernel(preloads, companion or _alone) as manager:
        papermill = _papermill()
        from nbclient.exceptions import DeadKernelError

        try:
            papermill.execute_notebook(
                _literal(notebook),
                _literal(output),
                parameters=dict(parameters),
                engine_name=_ENGINE,
                kernel_name="python3",
                language="python",
                manager=manager,
                progress_bar=progress,
                request_save_on_cell_execute=False,
            )
        except papermill.PapermillExecutionError as error:
            raise CellError(error.exec_count, error.ename, error.evalue) from None
        except (DeadKernelError, RuntimeError) as error:
            raise ReportError(
                f"the notebook's kernel died ({error}). Often memory ran out: try again with "
                "fewer other programs, or on a larger machine."
            ) from None


@contextlib.contextmanager
def _kernel(preloads: Sequence[str], companion: Companion) -> Iterator[Any]:
    """Start a kernel of this interpreter that reads nobody's settings, and stop it at the end."""
    with (
        tempfile.TemporaryDirectory(prefix="fk-", ignore_cleanup_errors=True) as folder,
        companion(_environment(folder)) as told,
    ):
        from jupyter_core.utils import run_sync

        manager = _manager(preloads, folder)
        run_sync(manager.start_kernel)(**told)
        try:
            yield manager
        except KeyboardInterrupt:
            _hush()
            raise
        finally:
            if manager.has_kernel:
                run_sync(manager.shutdown_kernel)(now=True)


def _manager(preloads: Sequence[str], folder: str) -> Any:
    """Return what starts the kernel."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    early = "; ".join(_call(preload) for preload in preloads)

    class Manager(AsyncKernelManager):
        kernel_spec = KernelSpec(
            argv=[
                sys.executable,
                *("-m", "ipykernel_launcher", "-f", "{connection_file}"),
                "--HistoryManager.enabled=False",
                *([f"--IPKernelApp.exec_lines={early}"] if early else []),
            ],
            display_name="funnelkit",
            language="python",
        )

    manager = Manager(connection_file=str(Path(folder, "kernel.json")))
    if os.name != "nt":  # no port that another run could take in between
        manager.transport, manager.ip = "ipc", str(Path(folder, "kernel"))
    return manager


def _alone(environment: Mapping[str, str]) -> contextlib.AbstractContextManager[dict[str, Any]]:
    return contextlib.nullcontext({"env": environment})


def _call(preload: str) -> str:
    """Return a statement that imports a module, or calls its function, and leaves no name."""
    module, _, function = preload.partition(":")
    imported = f"__import__('importlib').import_module({module!r})"
    return f"{imported}.{function}()" if function else imported


def _hush() -> None:
    """Let what still waited for a kernel that is gone not complain of it on stderr."""
    from jupyter_core.utils import ensure_event_loop
    from nbclient.exceptions import DeadKernelError

    def told(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not isinstance(context.get("exception"), (DeadKernelError, RuntimeError)):
            loop.default_exception_handler(context)

    ensure_event_loop().set_exception_handler(told)


def search_path() -> str:
    """Return the PYTHONPATH with which another Python finds this very package."""
    package = str(Path(__file__).resolve().parents[2])
    path = os.environ.get("PYTHONPATH", "")
    if package in (*site.getsitepackages(), site.getusersitepackages()):
        return path
    return os.pathsep.join(filter(None, [package, path]))


def _environment(folder: str) -> dict[str, str]:
    """Return the kernel's environment: no start-up files, one thread, the same order of sets."""
    # The kernel is killed in the end: what an engine spilled goes with this folder.
    told = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), folder)
    told |= one_thread() | {"IPYTHONDIR": folder, "PYTHONHASHSEED": "0", "PYTHONUTF8": "1"}
    told["PYTHONPATH"] = search_path()
    return {**os.environ, **told, "MPLBACKEND": "module://matplotlib_inline.backend_inline"}


def _papermill() -> Any:
    """Return papermill, with an engine that takes a kernel which is already there."""
    with without_grammar():
        import papermill
        from papermill.clientwrap import PapermillNotebookClient
        from papermill.engines import NBClientEngine, papermill_engines

    class Engine(NBClientEngine):  # type: ignore[misc]
        @classmethod
        def execute_managed_notebook(
            cls, nb_man: Any, kernel_name: str, *, manager: Any, **_: object
        ) -> Any:
            told = {"timeout": None, "startup_timeout": 120, "shutdown_kernel": "immediate"}
            client = PapermillNotebookClient(nb_man, km=manager, kernel_name=kernel_name, **told)
            client.owns_km = True  # it stops the kernel and closes its channels
            return client.execute()

    papermill_engines.register(_ENGINE, Engine)
    return papermill


@contextlib.contextmanager
def without_grammar() -> Iterator[None]:
    """Import notebook tools without the grammar that only a URL check of schemas would need."""
    hide = _GRAMMAR not in sys.modules
    if hide:
        sys.modules[_GRAMMAR] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if hide:
            del sys.modules[_GRAMMAR]


def _literal(path: Path) -> str:
    """Return a path that papermill, which fills in {parameters}, leaves as it is."""
    return str(path).replace("{", "{{").replace("}", "}}")
