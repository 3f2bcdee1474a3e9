"""The sections of the weekly page, each opening with its finding."""
