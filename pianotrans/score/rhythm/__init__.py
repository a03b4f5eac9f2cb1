"""Where notes stand in the score, given beats and hands."""
