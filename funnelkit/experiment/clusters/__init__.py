"""Tests where leads share an account: by account sums, not by leads."""
