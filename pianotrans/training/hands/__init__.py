"""Training the network that finds hands: examples, augmentation, objective and the course of a run."""
