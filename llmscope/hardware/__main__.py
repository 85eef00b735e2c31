"""`python -m llmscope.hardware`: the sampler process."""

from llmscope.hardware.sampler import main

if __name__ == "__main__":
    main()
