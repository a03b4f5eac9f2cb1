"""Key signatures of bars."""
