"""Fits without a family of distributions: what the counts show, and nothing else."""
