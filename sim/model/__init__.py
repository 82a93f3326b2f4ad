"""The model: parameters, gestures, strategies, equations and random draws. It imports nothing else of the project."""
