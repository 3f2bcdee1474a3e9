"""The suite reads the pages; what Sphinx is configured with needs Sphinx, and is left alone."""

collect_ignore_glob = ["*.py"]
