"""Commitment letters as data, and the engine that decides what they promise."""
