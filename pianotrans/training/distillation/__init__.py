"""Learning from a larger model: what it heard, computed once, stored, and held against what the small one says."""
