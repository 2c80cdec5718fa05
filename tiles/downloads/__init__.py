"""Whole layers as files: CSV, GeoJSON, GeoPackage and their like.

It imports every other package of `tiles`.
"""
