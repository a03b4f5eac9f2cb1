"""From a performance to a score: beats and bars first."""
