"""How notes are spelled: C sharp or D flat."""
