"""Mixture-cure fits with competing exits: what is won, lost and never decided in the end."""
