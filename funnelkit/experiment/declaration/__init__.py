"""One declaration of an experiment, and its one answer."""
