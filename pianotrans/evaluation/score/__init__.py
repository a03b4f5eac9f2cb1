"""Scores measured against annotated performances and true scores."""
