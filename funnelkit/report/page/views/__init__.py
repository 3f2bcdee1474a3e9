"""From counts, fits and audit to the small views that the page is drawn from."""
