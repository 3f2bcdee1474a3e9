"""Parts of the quarterly review, in their order."""
