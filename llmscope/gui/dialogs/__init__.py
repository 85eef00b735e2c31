"""The few questions that the window asks."""
