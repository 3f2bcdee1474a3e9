"""The sections of the page: each turns its view of the facts into a finding and a figure."""
