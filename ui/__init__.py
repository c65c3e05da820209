"""What the pages share: state, theme, the network picture, charts and small widgets. The only floor besides pages/ with Streamlit."""
