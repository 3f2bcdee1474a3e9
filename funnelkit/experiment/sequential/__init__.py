"""Looks at a running experiment: group-sequential boundaries, and sequences valid at any time."""
