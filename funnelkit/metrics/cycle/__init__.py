"""How long it takes: cycles, stages, ageing, velocity."""
