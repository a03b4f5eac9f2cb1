"""Training the network that hears bars in beats: examples, augmentation, objective and the course of a run."""
