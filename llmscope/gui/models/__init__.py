"""Qt models of what the window lists."""
