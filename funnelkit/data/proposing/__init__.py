"""What exports seem to hold: every guess with its reason, for a person to check."""
