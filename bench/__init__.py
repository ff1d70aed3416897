"""Measures of speed and size, that anyone can run: ``make bench``."""
