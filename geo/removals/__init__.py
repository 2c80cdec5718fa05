"""What one person takes out of sight: counted, ended or confirmed, and put back.

`proposals` imports it; it imports `accounts` and `records`.
"""
