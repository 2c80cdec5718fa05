"""How well a corridor is supported: gaps, figures, what-if comparisons, and the worst losses."""
