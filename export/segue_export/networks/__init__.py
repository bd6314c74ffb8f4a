"""The two networks, in PyTorch."""
