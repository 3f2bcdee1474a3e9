"""A plan as people read it: what every view shows, and the one page for a board."""
