"""The planners' workbench `/planner`: a corridor's strip, dates compared, what-ifs, files.

It imports `api` and `page_models`, and shows public records alone.
"""
