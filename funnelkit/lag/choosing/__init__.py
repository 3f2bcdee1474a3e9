"""Which family of lags the counts support, and how far they carry any of them."""
