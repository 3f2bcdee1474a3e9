"""Series of counts and money: read, prepared, and forecast with segments that add up."""
