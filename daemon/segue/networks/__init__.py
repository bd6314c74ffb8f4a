"""Mel → tags, medium-level features and vectors: the ONNX networks and their manifests."""
