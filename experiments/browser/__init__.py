"""The page of `rekindle watch`: a world, or two, in a browser tab; Solara serves it, one widget draws it."""
