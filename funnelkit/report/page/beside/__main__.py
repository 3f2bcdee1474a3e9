"""The process beside a page: one part after the other on stdout, as pickles.

A line of JSON on stdin says what :class:`funnelkit.report.page.beside.asking.Elsewhere` asks. An
answer is the name of a part, the part, and whether making it warned of anything: then the page had
better make it, where warnings are heard.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
import warnings

from funnelkit._core.errors import FunnelWarning
from funnelkit.report.page.beside.parts import PARTS, world_of


def main() -> None:
    """Answer what stdin asks, if it asks anything."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    question = sys.stdin.readline()
    if not question:  # started ahead, for a page that never asked
        return
    world = world_of(**json.loads(question))
    with answers:
        for name, make in PARTS.items():
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always", FunnelWarning)
                made = make(world)
            warned = any(issubclass(one.category, FunnelWarning) for one in said)
            pickle.dump((name, None if warned else made, warned), answers)
            answers.flush()


if __name__ == "__main__":
    main()
