"""The sections of the readout, one module each."""
