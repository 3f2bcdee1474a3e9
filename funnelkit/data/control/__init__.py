"""Control totals: whether the figures tie with the CRM's own report, and why where they do not."""
