"""Folders → files that stand still: events are hints, a scan is the truth."""
