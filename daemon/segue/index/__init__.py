"""Vectors → neighbours: an HNSW cache over the library, with exact search beside it."""
