"""Pretrained networks: which there are, where their weights come from, how they are cut, what is put on them."""
