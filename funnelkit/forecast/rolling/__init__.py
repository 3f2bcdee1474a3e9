"""What was forecast on earlier dates beside what then came: back-tests, history, overrides."""
