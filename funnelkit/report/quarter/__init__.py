"""The quarterly review: trends, plan against actual, and the plan of the quarters to come."""
