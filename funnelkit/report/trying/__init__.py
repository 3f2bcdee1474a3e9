"""A first look at exports that nobody has described: facts, page and words of `funnelkit try`."""
