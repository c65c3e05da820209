"""Graft's engine: everything that is not the interface. Nothing here imports Streamlit or Plotly."""
