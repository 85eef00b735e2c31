"""llmscope shows where a computer's bottleneck lies when it runs a large language model."""

__version__ = "0.1.0"
