"""The commands of `rekindle`, one file for those that belong together; `experiments.cli` puts them under one name."""
