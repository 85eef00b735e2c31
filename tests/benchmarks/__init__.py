"""Speed and memory of the program itself, as ratios within one run; printed, never asserted."""
