"""Datasets: bringing pictures in, checking and splitting them, and the one way a picture becomes numbers."""
