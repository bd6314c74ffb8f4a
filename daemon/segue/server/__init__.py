"""The daemon: lock, sockets, request handlers, and the composition root that wires the rooms."""
