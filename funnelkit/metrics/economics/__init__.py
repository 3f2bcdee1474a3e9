"""What customers cost and bring."""
