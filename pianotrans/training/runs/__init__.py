"""A training run: its settings, folder, loop, checkpoints and export."""
