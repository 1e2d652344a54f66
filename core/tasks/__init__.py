"""Task keys, splits, suites, versions, and the outcome of a trace."""
