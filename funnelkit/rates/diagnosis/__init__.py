"""Where a funnel loses most: steps, gaps, two periods, and what looks better than it is."""
