"""Many reports at once: each month and each value of a segment, in kernels side by side."""
