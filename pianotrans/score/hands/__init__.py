"""Which hand plays each note."""
