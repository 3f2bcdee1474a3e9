"""Recurring revenue to come, from what moves it: who starts, pays more or less, leaves, returns."""
