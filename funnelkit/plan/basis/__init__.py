"""What a plan stands on: channels with rates, lags, deal sizes and costs, each with its doubt."""
