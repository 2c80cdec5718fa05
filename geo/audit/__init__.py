"""The chain of what was done and by whom, and the proof that Amparo itself wrote it.

It imports `models` alone; every room that writes imports it.
"""
