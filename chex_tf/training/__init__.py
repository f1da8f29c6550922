"""Training: losses, schedules, the optimizer, distribution, checkpoints, the loop, and what it records."""
