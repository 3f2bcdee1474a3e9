"""Mixture-cure fits: what share converts ever, and the pace of those who do."""
