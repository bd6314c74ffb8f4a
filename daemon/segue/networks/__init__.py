"""The two networks as ONNX Runtime sessions, their manifests, and the vector that joins them."""

import os

# From 1.29 on ONNX Runtime reports its use to its makers unless this is set before it is imported. Segue uses no network.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
