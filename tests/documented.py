"""The call that a public function's own example makes: for tests over all views."""

import ast
import doctest
from collections.abc import Callable
from typing import Any


class Documented:
    """The example of a function, run up to the call of the function itself.

    Parameters
    ----------
    function
        A public function with an example in its docstring.
    name
        As the example calls it, such as `fk.plot.cohorts`.
    """

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        self.space: dict[str, Any] = dict(function.__globals__)  # as a doctest has them
        names = {name, function.__name__}
        [test] = doctest.DocTestFinder(recurse=False).find(function, name)
        for example in test.examples:
            tree = ast.parse(example.source)
            found = [
                node
                for node in ast.walk(tree)
                if isinstance(node, ast.Call) and ast.unparse(node.func) in names
            ]
            if found:
                self.call_node = found[0]
                return
            exec(compile(tree, name, "exec"), self.space)
        raise AssertionError(f"the example of {name} does not call it")

    def call(self, **more: Any) -> Any:
        """What the call returns, with further arguments by name."""
        words = [ast.keyword(key, ast.Name(f"_{key}", ast.Load())) for key in more]
        kept = [one for one in self.call_node.keywords if one.arg not in more]
        asked = ast.Call(self.call_node.func, self.call_node.args, [*kept, *words])
        given = {f"_{key}": value for key, value in more.items()}
        code = compile(ast.fix_missing_locations(ast.Expression(asked)), "example", "eval")
        return eval(code, {**self.space, **given})
