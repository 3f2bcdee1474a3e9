"""The people of a plan: what they can do by month, who is to be hired when, and what they cost."""
