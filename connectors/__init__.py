"""One module a source: read what a producer published and return it as tidy text tables."""
