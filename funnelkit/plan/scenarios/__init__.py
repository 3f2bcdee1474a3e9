"""What if: scenarios side by side, tornado, what is worth knowing, break-even and goal seek."""
