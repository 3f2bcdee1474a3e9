"""From targets back to leads: a plan by channel and month, and how likely it is to do."""
