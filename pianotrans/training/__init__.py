"""Training: targets, the objective, data and the loop. Importing this package alone loads nothing heavy."""

from pianotrans.processes import share_cores

share_cores()  # before anything here imports torch
