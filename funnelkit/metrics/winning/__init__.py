"""What share is won, and of what."""
