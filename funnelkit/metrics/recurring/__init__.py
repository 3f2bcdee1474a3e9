"""Recurring revenue, what moves it, and who stays."""
