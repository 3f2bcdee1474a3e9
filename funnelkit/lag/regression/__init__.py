"""Mixture-cure fits with covariates on the rate and on the pace."""
