"""Salesforce exports as people have them: leads, opportunities and histories as one funnel."""
