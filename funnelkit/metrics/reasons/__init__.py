"""Why records are lost, rejected or come back, and whether a score knew."""
