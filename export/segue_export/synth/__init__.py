"""A synthesiser of labelled music: tempo, key, metre, style and instruments are exact, because they were chosen first."""
