"""Throng: crowd numbers from networks of fixed cameras, that cannot say who anyone is."""

__version__ = "0.1.0"
