"""Representatives: results, quotas, activities."""
