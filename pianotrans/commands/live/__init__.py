"""`pianotrans live`: its options, what it prints, and the roll that it draws."""
