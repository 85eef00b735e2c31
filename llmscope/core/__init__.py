"""The vocabulary every other package speaks: specs, events, results, definitions, statistics."""
