"""A plan as a folder: one page for a board, a workbook, assumptions to edit, a record."""
