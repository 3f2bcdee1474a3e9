"""Several stages: how long each transition takes, and where leads wait."""
