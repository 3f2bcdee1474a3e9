"""The triangles of the plots' tests."""

from tests.plot.conftest import make, nasty, three

__all__ = ["make", "nasty", "three"]
