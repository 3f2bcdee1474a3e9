"""What came of a plan, and the open pipeline that a target needs."""
