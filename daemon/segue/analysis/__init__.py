"""A file → what Segue knows of it: the streamed analysis and the worker processes that run it."""
