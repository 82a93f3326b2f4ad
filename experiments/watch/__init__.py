"""The page of `rekindle watch`: a world, or two, in a browser tab; `server` serves it, `js/` draws it."""
