"""Writing tempo, key and energy into a file's tags, without touching anything else in it.

Every format is edited at the level of its bytes: a field is replaced or added, all others are copied as they are. What comes
out is compared with the file, by its audio and by all its other tags, before it takes the file's place.
"""
