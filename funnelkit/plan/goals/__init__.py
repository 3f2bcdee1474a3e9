"""What is to be reached: targets by month, read, spread and checked."""
