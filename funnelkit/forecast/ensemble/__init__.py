"""The numeric core of a forecast of series: members, their combination, calibrated draws."""
