"""How often a chart signals."""
