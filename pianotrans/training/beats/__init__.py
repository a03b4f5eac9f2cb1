"""Training the network that finds beats: examples, augmentation, objective and the course of a run."""
