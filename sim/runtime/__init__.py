"""What a run needs of the machine: worlds kept on disk, checkpoints, memory limits, interrupts, the fingerprint."""
