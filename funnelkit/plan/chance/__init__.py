"""What leads bring: joint simulation, and the chance of a target with its gradient."""
