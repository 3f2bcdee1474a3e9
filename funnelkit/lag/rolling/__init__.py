"""What a method would have said on earlier dates, and what then came."""
