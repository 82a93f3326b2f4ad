"""Experiments with the model: read from TOML, run in parallel, kept as Parquet, compared and drawn."""
