"""The two networks as ONNX Runtime sessions, their manifests, and the vector that joins them."""
