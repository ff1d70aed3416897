"""Figures, maps, tables and French sentences shown by the pages."""
