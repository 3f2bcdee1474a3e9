"""Published and own ranges, and a funnel's rates compared with them."""
