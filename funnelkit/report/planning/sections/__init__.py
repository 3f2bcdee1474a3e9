"""Parts of the page of a plan, in their order."""
