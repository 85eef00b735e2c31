"""Which models there are, what is known of them before anything is loaded, and what a test of them costs."""
