"""Bayesian reading of rates: posteriors, the probability to beat control, expected loss."""
