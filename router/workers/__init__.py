"""Processes that serve: one alone, or several that share nothing but the port, under a parent that keeps them alive."""
