"""Training the network that finds hands: examples, augmentation, objective, validation and calibration."""
