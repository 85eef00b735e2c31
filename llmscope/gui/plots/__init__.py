"""Live plots of a run and the token timeline."""
