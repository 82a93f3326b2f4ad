"""People, ties and gestures in flight as arrays of records."""
