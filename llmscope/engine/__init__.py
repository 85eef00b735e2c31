"""The worker process, the only home of torch and transformers; started as `python -m llmscope.engine`."""
