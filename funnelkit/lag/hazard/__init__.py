"""Daily hazards by a binomial GLM, and tests of whether cohorts convert alike."""
