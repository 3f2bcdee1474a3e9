"""Spreadsheets: workbooks and HTML tables, read cell by cell without losing what a cell is.

SpreadsheetML is read here with the standard library. Of the libraries tried, python-calamine
hands over error cells as blanks and no number formats; openpyxl takes about twice as long, does
not tell merged cells while it streams, and stops at style sheets that Excel itself accepts. It is
the oracle of the tests instead.
"""
