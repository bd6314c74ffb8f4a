"""How Segue's networks are made: datasets, PyTorch networks, training, evaluation and ONNX export."""
