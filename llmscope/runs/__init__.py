"""A run's life outside the worker: supervising it, and keeping what it said."""
