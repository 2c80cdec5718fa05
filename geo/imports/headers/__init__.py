"""What the columns and labels of strangers' files mean: by known names, by words, by their cells.

`imports` alone imports it.
"""
