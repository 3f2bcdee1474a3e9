"""A first look: figures that plain pandas counts again, and exports that try to trick it."""

import datetime as dt
import json

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.report.config import load_config
from funnelkit.report.trying.first_look import Trial, trial
from funnelkit.report.trying.talking import deals_to_talk_about

TRICK = "<script>alert(1)</script>\x1b[31m"
LAST = dt.date(2026, 6, 30)


def export() -> pd.DataFrame:
    """Forty deals a month for 18 months: each fourth is won within 5 to 40 days, another lost.

    The first deal of all is open to this day, by far the largest.
    """
    rows = []
    for n in range(720):
        day = dt.date(2025 + n // 480, n // 40 % 12 + 1, 1 + n % 28)
        won, lost = day + dt.timedelta(5 + 7 * n % 36), day + dt.timedelta(20)
        rows.append(
            {
                "deal_id": f"D{n:04d}",
                "created_at": day,
                "won_at": won if n % 4 == 1 and won <= LAST else None,
                "lost_at": lost if n % 4 == 2 and lost <= LAST else None,
                "amount": 99_000 if n == 0 else 1_000 + n % 7,
                "source": TRICK if n % 2 else "web",
            }
        )
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return export()


@pytest.fixture(scope="module")
def found(frame: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    folder = tmp_path_factory.mktemp("exports")
    frame.to_csv(folder / "deals.csv", index=False)
    with pytest.MonkeyPatch.context() as here:
        here.chdir(folder)
        return trial("deals.csv")


def test_every_row_is_accounted_for(found: Trial, frame: pd.DataFrame) -> None:
    assert sum(rows for _, _, rows in found.facts.accounting) == len(frame)
    assert list(found.facts.reached.values()) == [
        720, int(frame["won_at"].notna().sum()), int(frame["lost_at"].notna().sum()),
    ]  # fmt: skip


def test_the_last_months_are_counted_and_come_to_a_quarter(found: Trial, frame) -> None:
    months = found.to_frame().set_index("month")
    created = pd.to_datetime(frame["created_at"]).dt.strftime("%Y-%m")
    assert months["entered"].to_dict() == created.value_counts().to_dict()
    wins = frame["won_at"].notna().groupby(created).sum()
    assert months["converted"].to_dict() == wins.to_dict()
    assert months.loc["2025-06", "expected"] == pytest.approx(0.25)
    assert bool(months.loc["2026-06", "immature"])
    assert months.loc["2026-05", "rate"] <= months.loc["2026-05", "expected"] <= 1


def test_the_method_is_tested_on_earlier_months(found: Trial) -> None:
    told = found.to_dict()["back_test"]
    assert told["off"] < told["raw_off"]
    assert any("Expected rates would have been off by" in line for line in found.lines(200))


def test_the_leak_is_worth_the_mean_amount_for_each_win(found: Trial, frame) -> None:
    leak = next(one for one in found.facts.leaks if one.kind == "let go")
    assert leak.records == int(frame["lost_at"].notna().sum())
    mean = frame.loc[frame["won_at"].notna(), "amount"].mean()
    assert leak.money == pytest.approx(leak.won * mean)
    assert leak.won == pytest.approx(leak.records / 4, rel=0.02)  # a quarter is won
    assert leak.low <= leak.won <= leak.high


def test_the_oldest_and_largest_open_deal_is_spoken_of_first(found: Trial, frame) -> None:
    first = found.facts.deals[0]
    assert (first.id, first.amount) == ("D0000", 99_000)
    assert first.days == (found.facts.setting.as_of - dt.date(2025, 1, 1)).days
    won = pd.to_datetime(frame["won_at"]) - pd.to_datetime(frame["created_at"])
    assert first.why == (f"wins took at most {won.dt.days.max():.0f} days from here",)


@pytest.mark.filterwarnings("ignore::funnelkit.FunnelWarning")
def test_the_config_it_used_reads_the_same_records(found: Trial, frame, tmp_path) -> None:
    frame.to_csv(tmp_path / "deals.csv", index=False)
    (tmp_path / "funnel.yml").write_text(found.config, encoding="utf-8")
    leads = load_config(tmp_path).read()
    assert [len(leads.list(step)) for step in leads.funnel.steps] == list(
        found.facts.reached.values()
    )


def test_it_is_marked_as_a_draft_everywhere(found: Trial) -> None:
    assert found.summary().startswith("DRAFT")
    assert found.lines()[0].startswith("DRAFT: the stages were guessed")
    assert "<b>DRAFT: a first look</b>" in found.to_html()
    assert found.to_dict()["draft"] is True


def test_nothing_in_the_data_executes_or_steers_the_terminal(found: Trial) -> None:
    html = found.to_html()
    assert "<script" not in html
    assert "http:" not in html
    assert "https:" not in html
    assert "\x1b" not in html + "\n".join(found.lines())
    assert "\x1b" not in json.dumps(found.to_dict())


def test_a_page_is_written_whole_into_a_folder_that_is_there(found: Trial, tmp_path) -> None:
    assert found.write(tmp_path) == tmp_path / "first_look.html"
    assert found.write(tmp_path / "page.html").read_text("utf-8") == found.to_html()
    with pytest.raises(ArgumentError, match="there is no folder"):
        found.write(tmp_path / "none" / "page.html")


def test_dates_that_cannot_be_guessed_are_left_to_the_person(frame, tmp_path) -> None:
    odd = frame.assign(created_at=[f"0{1 + k % 9}/0{1 + k % 8}/2026" for k in range(len(frame))])
    odd.to_csv(tmp_path / "deals.csv", index=False)
    with pytest.raises(DataError, match=r"orders read every value(.|\n)*funnelkit init"):
        trial(tmp_path / "deals.csv")
    with pytest.raises(ArgumentError, match="at least one file"):
        trial()


class TestRealExports:
    """Counted again with pandas."""

    def test_hubspot_is_looked_at_one_business_at_a_time(self, shared_data) -> None:
        deals = pd.read_csv(shared_data / "hubspot" / "hubspot_deals.csv")
        sizes = deals.groupby(["Pipeline", "Deal Type"]).size()
        found = trial(shared_data / "hubspot")
        assert found.facts.business is not None
        assert tuple(found.facts.business.chosen.values()) == sizes.idxmax()
        assert found.facts.business.records == sizes.max() == found.facts.reached["Created"]
        assert sum(n for _, n in found.facts.business.others) == len(deals) - sizes.max()
        assert sum(n for _, _, n in found.facts.accounting) == len(deals)

    @pytest.mark.filterwarnings("ignore::funnelkit.FunnelWarning")
    def test_salesforce_deals_past_their_planned_close_are_named(self, shared_data) -> None:
        read = pd.read_csv(shared_data / "salesforce" / "Opportunity.csv", encoding="utf-8-sig")
        leads = fk.read_salesforce(shared_data / "salesforce")
        still = read[~read["StageName"].str.startswith("Closed")]
        past = still[pd.to_datetime(still["CloseDate"]).dt.date <= leads.as_of]
        told = [
            one for one in deals_to_talk_about(leads, None)
            if any("was to close by" in why for why in one.why)
        ]  # fmt: skip
        largest = past.sort_values("Amount", ascending=False).head(8)
        assert [one.id[:15] for one in told] == [key[:15] for key in largest["Id"]]
