"""Spreadsheets: workbooks and HTML tables, read cell by cell without losing what a cell is.

SpreadsheetML is read here with the standard library: error cells, number formats, merged cells
and hidden sheets decide what a row of a report is, and must be told while a sheet streams, in the
time that openpyxl takes for the cells alone. Workbooks of the tests are written by openpyxl and
XlsxWriter.
"""
