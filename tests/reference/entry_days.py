"""Who comes in which month, day by day: the slow, obvious version of a plan's lags."""

import datetime as dt

import numpy as np
import pandas as pd


def by_days(share_by_day, periods: pd.PeriodIndex, as_of: dt.date) -> np.ndarray:
    """Share that comes in each month of those who enter on each later day of each month."""
    first = periods[0]
    found = np.zeros((len(periods), len(periods)))
    for m, month in enumerate(periods):
        days = pd.date_range(month.start_time, month.end_time.normalize(), freq="D")
        entries = [day.date() for day in days if day.date() > as_of]
        for entered in entries:
            before = 0.0
            for age, share in enumerate(share_by_day):
                came = entered + dt.timedelta(days=age)
                there = 12 * (came.year - first.year) + came.month - first.month
                if there < len(periods):
                    found[m, there] += (share - before) / len(entries)
                before = share
    return found


def paced(shares: np.ndarray, pace: np.ndarray) -> np.ndarray:
    """Shares by month of one month's entrants, where months are quicker or slower: one by one."""
    left, usual_left, found = 1.0, 1.0, []
    for share, factor in zip(shares, pace, strict=True):
        hazard = share / usual_left if usual_left > 1e-12 else 0.0
        comes = left * (1 - (1 - min(hazard, 1.0)) ** factor)
        found.append(comes)
        left -= comes
        usual_left -= share
    return np.array(found)
