"""What the pages share: state, theme, the network picture, charts and small widgets."""
