"""Thin shims between DJ programs and the Segue daemon, one folder a program."""
