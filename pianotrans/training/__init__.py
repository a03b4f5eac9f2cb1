"""Training: targets, the objective, data and the loop. Importing this package alone loads nothing heavy."""
