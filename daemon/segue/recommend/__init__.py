"""Neighbours → what to play next, and why."""
