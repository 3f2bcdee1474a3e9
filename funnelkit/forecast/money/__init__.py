"""Wins and bookings to come: what is in flight, what enters yet, and what it is worth."""
