"""The narrow waist: small exact counts on which everything statistical works."""
