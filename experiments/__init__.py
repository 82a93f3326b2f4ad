"""What is asked of the model: experiments read from TOML, run in parallel, kept as Parquet, compared and drawn."""
