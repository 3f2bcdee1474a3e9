"""How many leads a test needs, what it can find, and when it can decide."""
