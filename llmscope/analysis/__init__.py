"""What the numbers mean: the machine's ceilings, and how near a test came to them."""
