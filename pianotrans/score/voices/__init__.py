"""Voices of a staff, and how long notes last on paper."""
