"""Ways to run a model; each is named and part of the row."""
