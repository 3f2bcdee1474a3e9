"""The page of the monthly report: facts, sentences, charts, and the sections they make."""
