"""The readout of an experiment: what was declared, what came, and what to do."""
