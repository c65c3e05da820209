"""A dataset from an address on the web or a set of the hub: looked at first, fetched on a press, then imported."""
