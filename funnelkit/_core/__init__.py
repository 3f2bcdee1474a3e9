"""What every room needs: errors, argument checks, intervals, the calendar, results and their display."""
