"""How well a corridor is supported: gaps, figures, what-ifs, and which loss hurts most."""
