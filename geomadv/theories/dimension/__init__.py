"""High dimension: measure concentrates, so every error is near most points."""
