"""How quickly leads are answered, and whether it goes with winning."""
