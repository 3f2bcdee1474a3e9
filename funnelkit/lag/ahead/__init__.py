"""Leads that are still open: how many will convert, and which of them."""
