"""Visits: planned and made journeys, check-in and check-out."""
