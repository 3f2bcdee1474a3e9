"""What every room needs: errors, checks, intervals, the calendar, results and their display."""
