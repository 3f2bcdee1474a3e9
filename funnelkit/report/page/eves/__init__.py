"""The last months as foretold on their eves, by a second process where there is a core for it.

Each eve is a world of its own: the leads as known that day, counted and fitted again. A page needs
three of these worlds, late, and one figure of each; meanwhile another process can make them from
the same files.

- `foretelling`: the figure itself.
- `asking`: whether another process is asked, and what it answers.
- `__main__`: that process.
"""
