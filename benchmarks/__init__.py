"""Measurements side by side with named peers, each with its result beside it."""
