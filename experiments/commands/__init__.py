"""The commands of `rekindle`, one module per group of related commands; `experiments.cli` dispatches to them."""
