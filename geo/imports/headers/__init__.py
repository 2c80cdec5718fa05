"""Fields that headers mean and codes that labels mean: by known names, words and earlier choices.

Only `imports` imports this package.
"""
