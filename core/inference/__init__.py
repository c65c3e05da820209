"""Read a bundle and answer about pictures."""
