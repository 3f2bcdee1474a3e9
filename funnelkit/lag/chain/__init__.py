"""Chain ladder: conversions to come from link ratios, with the error of Mack."""
