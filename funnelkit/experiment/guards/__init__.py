"""Guards of an experiment: what makes a read-out wrong however right its arithmetic."""
