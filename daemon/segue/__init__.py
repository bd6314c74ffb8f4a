"""Segue: what do I play next, and why? A local, offline recommender for DJs and producers."""

__version__ = "0.1.0"
