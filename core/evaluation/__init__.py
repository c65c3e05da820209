"""How good a model is: what its bundle answered about examples that it had not learned from, scored and questioned."""
