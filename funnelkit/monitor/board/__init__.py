"""The board of alerts."""
