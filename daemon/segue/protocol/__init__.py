"""The wire protocol: typed messages, JSON-RPC 2.0 envelopes, the list of methods. Imports nothing but msgspec."""
