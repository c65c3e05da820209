"""What the pages share: state, theme, the network image, charts and small widgets."""
