"""What happens inside the worker process: recipe in, events and a bundle out."""
