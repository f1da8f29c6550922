"""How alike two networks' features are, layer by layer."""
