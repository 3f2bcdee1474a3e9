"""The cheapest leads by channel and month that reach a goal surely enough, under limits."""
