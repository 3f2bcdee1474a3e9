"""The funnel.yml of the README is one that is accepted."""

import re
import textwrap

import funnelkit as fk


def test_the_readme_shows_a_valid_funnel_yml(root, tmp_path):
    readme = (root / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"```yaml\n(.*?)```", readme, flags=re.DOTALL)
    (tmp_path / "funnel.yml").write_text(textwrap.dedent(shown.group(1)), encoding="utf-8")
    for name in ("leads.csv", "deals.csv"):
        (tmp_path / name).touch()
    config = fk.report.load_config(tmp_path / "funnel.yml")
    assert config.funnel.stages == ("lead", "mql", "opportunity", "won")
    assert config.data.join[0].name == "deals.csv"
    assert config.funnel.calendar.fiscal_year_start == 2
