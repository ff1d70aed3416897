"""One module a source: read what a producer published and return it as tidy text tables."""

VERSION = "0.1"
"""Version of Gradient, the only place that says it."""
