"""From audio to a performance with a trained model. Import from its modules: only some of them need torch."""
