"""Read a bundle and answer about images."""
