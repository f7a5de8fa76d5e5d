"""The mathematics: pure functions of arrays, one topic a module.

Nothing here knows of estimators. Each formula stands in one place, with its equation number where
it comes from the paper.
"""
