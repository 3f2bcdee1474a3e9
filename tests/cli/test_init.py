"""`funnelkit init`: what it makes of real exports, of logs, and of files that try to trick it."""

import json
from pathlib import Path

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.cli import main
from funnelkit.report.config import load_config
from funnelkit.report.proposal import propose

pytestmark = pytest.mark.filterwarnings("ignore::funnelkit.FunnelWarning")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def keys(path: Path) -> list[str]:
    """The lines that are no comment."""
    return [
        line.split("  #")[0] for line in path.read_text("utf-8").splitlines() if line[:1] != "#"
    ]


class TestRealExports:
    """Counts from ../shared/data/README.md."""

    def test_olist(self, shared_data, folder, capsys):
        files = sorted((shared_data / "olist").glob("olist_*.csv"))
        assert main(["init", *map(str, files)]) == 0
        assert "Records that reached each: mql 8,000, won 841." in capsys.readouterr().out
        config = load_config(folder)
        assert config.funnel == fk.Funnel(
            ["mql", "won"],
            id="mql_id",
            columns={"mql": "first_contact_date", "won": "won_date"},
            owner="sdr_id",
            segments=["origin"],
        )
        assert [file.name for file in (*config.data.files, *config.data.join)] == [
            "olist_marketing_qualified_leads_dataset.csv",
            "olist_closed_deals_dataset.csv",
        ]
        # the win of the last day, 14 November, lies after the day before the latest time
        assert len(config.read(as_of="2018-11-14").list("won")) == 842

    def test_an_order_of_dates_that_alone_reads_them_is_proposed(self, shared_data, folder):
        made = propose([str(shared_data / "olist" / "excel_*.csv")])
        assert made.readable
        assert '    won_date: "%d-%m-%Y %H:%M"' in keys(made.path)
        assert len(load_config(folder).read(as_of="2018-11-14").list("won")) == 842

    def test_maven_says_what_a_current_stage_cannot(self, shared_data, folder):
        made = propose([shared_data / "maven_crm"])
        assert made.readable
        leads = load_config(folder).read()
        assert [len(leads.list(step)) for step in leads.funnel.steps] == [8800, 4238, 2473]
        words = " ".join(made.text.replace("\n# ", " ").split())
        assert "rates between the stages in between cannot" in words
        assert (
            "`accounts.csv`, `data_dictionary.csv`, `products.csv` and `sales_teams.csv`" in words
        )

    def test_hubspot_is_recognised(self, shared_data, folder):
        made = propose([shared_data / "hubspot"])
        assert made.readable
        config = load_config(folder)
        assert config.data.dialect is not None
        assert config.data.dialect.name == "hubspot"
        assert config.funnel.apart == ("Pipeline", "Deal Type")
        leads = config.read()
        assert [len(leads.list(step)) for step in leads.funnel.steps] == [500, 71, 69]
        assert "# Pipeline: Renewals Pipeline 248, Sales Pipeline 252." in made.text

    def test_salesforce_is_recognised(self, shared_data, folder):
        made = propose([shared_data / "salesforce"])
        assert made.readable, made.tried
        config = load_config(folder)
        assert config.data.dialect is not None
        assert config.data.dialect.name == "salesforce"
        leads = config.read()
        assert (len(leads.list(leads.funnel.won)), len(leads.list("lost"))) == (12, 3)


def test_a_log(folder):
    rows = [
        (f"d{n}", name, f"2026-0{1 + n % 3}-{day:02d}")
        for n in range(40)
        for name, day in (
            ("Created", 1),
            ("Demo", 5),
            ("Closed Won" if n % 4 else "Closed Lost", 20),
        )
    ]
    pd.DataFrame(rows, columns=["deal_id", "stage", "entered_at"]).to_csv("log.csv", index=False)
    made = propose(["log.csv"])
    assert made.readable
    leads = load_config(folder).read()
    assert leads.funnel.stages == ("Created", "Demo", "Closed Won")
    assert [len(leads.list(step)) for step in leads.funnel.steps] == [40, 40, 30, 10]


def leads_frame(**columns) -> pd.DataFrame:
    n = 60
    given = {
        "lead_id": [f"L{k}" for k in range(n)],
        "created_at": [f"2026-01-{1 + k % 28:02d}" for k in range(n)],
        "mql_at": [f"2026-02-{1 + k % 28:02d}" if k % 2 else "" for k in range(n)],
        "won_at": [f"2026-03-{1 + k % 28:02d}" if k % 6 == 1 else "" for k in range(n)],
        "lost_at": [f"2026-03-{1 + k % 28:02d}" if k % 6 == 2 else "" for k in range(n)],
        "source": ["web" if k % 3 else "event" for k in range(n)],
        "email": [f"p{k}@example.org" for k in range(n)],
        "amount": [f"{100 + k}.50" for k in range(n)],
    }
    return pd.DataFrame(given | columns)


def test_stages_roles_and_personal_columns(folder):
    leads_frame(last_modified=["2026-04-01"] * 60, phone=["+49 30 1234"] * 60).to_csv(
        "leads.csv", index=False
    )
    made = propose(["leads.csv"])
    assert load_config(folder).funnel == fk.Funnel(
        ["lead", "mql", "won"],
        exits=["lost"],
        id="lead_id",
        columns={"lead": "created_at", "mql": "mql_at", "won": "won_at", "lost": "lost_at"},
        value="amount",
        segments=["source"],
        personal=["email", "phone"],
    )
    assert "#   last_modified: by its name it says when a record was changed" in made.text
    assert "example.org" not in made.text


@pytest.mark.parametrize("name", ["close_date", "Expected Close", "closed_at"])
def test_a_day_of_any_close_is_no_step_after_the_win(folder, name):
    # of the won, the lost and (as a plan) the open: filled in more rows than the win
    closes = [f"2026-0{3 + k % 3}-{1 + k % 28:02d}" if k % 2 else "" for k in range(60)]
    leads_frame(**{name: closes}).to_csv("leads.csv", index=False)
    made = propose(["leads.csv"])
    funnel = load_config(folder).funnel
    assert (funnel.stages, funnel.exits) == (("lead", "mql", "won"), ("lost",))
    assert f"#   {name}: by its name " in made.text
    assert funnel.keep == (() if name == "closed_at" else (name,))


def test_a_planned_close_is_kept_only_where_its_days_are_iso(folder):
    closes = [f"{1 + k % 28:02d}.{3 + k % 9:02d}.2026" for k in range(60)]
    leads_frame(close_date=closes).to_csv("leads.csv", index=False)
    assert propose(["leads.csv"]).readable
    assert load_config(folder).funnel.keep == ()


def test_a_close_without_a_day_of_the_win_may_be_the_win(folder):
    frame = leads_frame().drop(columns=["won_at", "mql_at"])
    frame["close_date"] = leads_frame()["won_at"]
    frame.to_csv("leads.csv", index=False)
    assert propose(["leads.csv"]).readable
    funnel = load_config(folder).funnel
    assert (funnel.stages, funnel.keep) == (("lead", "close"), ())


def test_dates_that_several_orders_read_are_left_to_the_person(folder, capsys):
    frame = leads_frame(created_at=[f"0{1 + k % 9}/0{1 + k % 8}/2026" for k in range(60)])
    frame.to_csv("leads.csv", index=False)
    assert main(["init", "leads.csv", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["readable"] is False
    assert any("orders read every value" in words for words in told["tried"])
    text = (folder / "funnel.yml").read_text("utf-8")
    assert "Not decided here" in text
    assert "date_format:" not in [line.strip() for line in keys(folder / "funnel.yml")]


def test_texts_of_the_data_stay_texts(folder):
    trick = 'x"\nexits: [evil]\n#'
    frame = leads_frame(source=[trick if k % 2 else "web: {a}" for k in range(60)])
    frame = frame.rename(columns={"source": 'so"urce: [x]\n&y'})
    frame.to_csv("leads.csv", index=False)
    made = propose(["leads.csv"])
    assert made.readable
    funnel = load_config(folder).funnel
    assert funnel.exits == ("lost",)
    assert funnel.segments == ('so"urce: [x]\n&y',)


def test_a_file_that_is_there_stays(folder):
    leads_frame().to_csv("leads.csv", index=False)
    Path("funnel.yml").write_text("mine", encoding="utf-8")
    with pytest.raises(ArgumentError, match=r"there is a funnel\.yml already"):
        propose(["leads.csv"])
    assert Path("funnel.yml").read_text("utf-8") == "mine"
    propose(["leads.csv"], force=True)
    assert load_config(folder).funnel.id == "lead_id"
    assert sorted(path.name for path in folder.iterdir()) == ["funnel.yml", "leads.csv"]


def test_what_is_no_table_of_records_is_refused(folder):
    pd.DataFrame({"city": ["a", "b", "a"], "n": [1, 1, 2]}).to_csv("t.csv", index=False)
    with pytest.raises(DataError, match=r"nothing tells the records of `t\.csv` apart"):
        propose(["t.csv"])
    Path("b.csv").write_bytes(b"\x00\x01\x02")
    with pytest.raises(DataError, match=r"`b\.csv` cannot be read as a table"):
        propose(["b.csv"])
    (folder / "empty").mkdir()
    with pytest.raises(DataError, match="holds no export"):
        propose(["empty"])
    assert not Path("funnel.yml").exists()
