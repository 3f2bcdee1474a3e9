"""The daily report: one screen of new leads, activities, and what was won and lost."""
