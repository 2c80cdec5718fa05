"""What headers and labels of strangers' files mean: by known names, by words, by what was chosen.

`imports` alone imports it.
"""
