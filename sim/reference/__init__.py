"""The same day on Mesa, to read, to watch and to extend."""
