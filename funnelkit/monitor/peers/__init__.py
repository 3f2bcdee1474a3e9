"""Peers at the same mix of leads."""
