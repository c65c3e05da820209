"""Why a model says what it says: which places of an image, which words of a text, and what it has seen like them."""
