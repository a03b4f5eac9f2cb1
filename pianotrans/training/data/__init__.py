"""What is trained on: prepared recordings as chunks with labels, augmented, in a fixed order."""
