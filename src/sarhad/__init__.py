"""Sarhad: plans, builds up and runs the protection of a national border."""

__version__ = "0.1.0"
