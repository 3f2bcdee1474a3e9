"""The sections of the page: each turns its view of the facts into a finding and a figure.

A section is a module with ``section(facts) -> Section``: an eyebrow, a title that is a finding and
claims no more than the intervals allow, one to three sentences, a figure with alternative text,
and the numbers behind it. Where its view is :class:`~funnelkit.report.page.facts.Missing`, it says
what it would need. To add one: write the module, give
:class:`~funnelkit.report.page.monthly_page.MonthlyPage` one line for it, and the notebook one cell.
"""
