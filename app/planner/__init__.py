"""The page `/planner`, a workbench for planners: draws corridors, compares days, tries spaces.

It imports `api` and `page_models`, and shows public records alone.
"""
