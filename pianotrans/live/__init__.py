"""Transcription while somebody plays: sound in overlapping windows, and notes once they are certain.

Import from its modules: only some of them need torch.
"""
