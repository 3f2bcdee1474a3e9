"""Simulated exports: what is true, how records live, how the export looks, and its dirt."""
