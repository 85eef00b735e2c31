"""What leaves this machine and comes to it."""
