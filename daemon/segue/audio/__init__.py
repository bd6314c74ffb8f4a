"""Files → samples, identity and tags: everything that touches a music file."""
