"""`pianotrans evaluate`: transcriptions scored against what was played."""
