"""What each method of the protocol does, one module a family."""
