import network  # noqa: F401  (see there)
