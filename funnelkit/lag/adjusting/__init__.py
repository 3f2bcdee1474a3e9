"""What each cohort comes to, given the timing of a fit."""
