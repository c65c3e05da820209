"""Datasets: bringing images in, checking and splitting them, and the one way an image becomes numbers."""
