"""The look of the sections in a notebook: the page's own style sheet, for the sections alone."""

from __future__ import annotations

from pathlib import Path

TEMPLATES = Path(__file__).parents[1] / "templates"
_SELECTORS = {":root": "&", ".fk, .fk *": "&, & *", ".fk {": "& {"}
_FRAME = "background: var(--bg); padding: 1px 16px 16px; max-width: 968px;"


def lab_style() -> str:
    """Return a style element that gives the sections their look in a notebook, and only them."""
    rules = (TEMPLATES / "funnelkit" / "parts.css").read_text(encoding="utf-8")
    for selector, nested in _SELECTORS.items():
        rules = rules.replace(selector, nested)
    return f"<style>.fk {{{_FRAME}\n{rules}}}</style>"
