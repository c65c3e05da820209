"""What a run's model gets right and wrong, and how sure that is: the panels of the page Evaluate."""
