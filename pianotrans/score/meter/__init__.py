"""Meter: what a network that hears a piece beat by beat says of its bars and of the level of its beats."""
