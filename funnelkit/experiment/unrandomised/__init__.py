"""Comparisons where chance chose nothing: what they show, and what they cannot."""
