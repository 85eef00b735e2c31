"""What this computer is and what it does now: host facts, GPUs, sensors, and the sampler process."""
