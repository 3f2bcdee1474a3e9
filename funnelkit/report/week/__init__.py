"""The weekly pipeline report: which deals moved, and which to talk about."""
