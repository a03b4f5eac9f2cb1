"""Beats and downbeats of a performance: a network over its onsets, and exact decoding over tempo, meter and bar."""
