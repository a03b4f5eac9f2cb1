"""How weights are changed by gradients: step rules, the learning rate's course, clipping, the running average."""
