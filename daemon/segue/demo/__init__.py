"""Little tracks of our own, rendered with known tempo and key: a first look without music, and audio for tests."""
