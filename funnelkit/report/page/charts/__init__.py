"""Charts as SVG, each drawn for a wide page and for a phone, without any script."""
