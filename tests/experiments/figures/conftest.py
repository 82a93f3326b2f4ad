"""What the tests of figures share."""

# The provenance of a made-up table, as `save` takes it.
ORIGIN = {"run_hash": "0123456789abcdef", "config": {"name": "made up"}, "versions": {"numpy": "2"}}
