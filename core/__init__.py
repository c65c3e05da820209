"""Graft's engine: everything that is not the interface. Nothing here imports Streamlit or Plotly."""

import os

os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # pyarrow's usual one keeps much of what is freed
