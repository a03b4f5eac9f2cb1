"""From audio to a performance with a trained model. Import from its modules: only some of them need torch."""

from pianotrans.processes import share_cores

share_cores()  # before anything here imports torch
