"""`pianotrans transcribe`: recordings in, MIDI out."""
