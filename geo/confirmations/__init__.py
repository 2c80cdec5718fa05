"""Reconfirmation of spaces: operators' answers, visits of staff, and links that ask for answers.

It imports `proposals` and packages below that.
"""
