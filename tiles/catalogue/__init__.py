"""Catalogue of the published layers: columns, tiers that may see them, and styles.

Every package of `tiles` may import it; it imports `geo`.
"""
