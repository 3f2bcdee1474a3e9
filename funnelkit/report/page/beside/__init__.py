"""Parts of a page that a second process makes meanwhile, where there is a core for it.

What the audit finds, what left its usual level and how the last months were foretold on their eves
take long, and nothing else on the page waits for them; another process can make them from the same
files.

- `parts`: the parts, each made from the same world as the page.
- `foretelling`: how a month was foretold on its eve.
- `asking`: whether another process is asked, and what it answers.
- `process`: how it is started, ahead of its question or with it, and ended.
- `__main__`: that process.
"""
