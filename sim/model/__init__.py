"""The science: every parameter, gesture, strategy, rule and random draw. It imports nothing else of the project."""
