"""The small networks that numpy runs in the daemon: which level is the beat, where bars begin, which key it is."""
