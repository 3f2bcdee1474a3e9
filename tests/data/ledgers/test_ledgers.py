"""Data tables that hold no leads: every row accounted for, nothing guessed, nothing personal."""

from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funnelkit as fk
from funnelkit.data.ledgers import (
    as_ledger,
    read_activities,
    read_contracts,
    read_quotas,
    read_spend,
    read_subscriptions,
    read_visitors,
)

SPEND = "month,channel,amount\n2026-01,web,12000\n2026-02,web,900.50\n2026-02,fair,-100\n"


def rules(ledger):
    """Return rule -> count of what was found."""
    return {finding.rule: finding.count for finding in ledger.findings}


def told(ledger):
    """Return all that a ledger says of itself."""
    frame = ledger.accounting().to_string()
    return " ".join([ledger.summary(), *ledger.notes, *map(str, ledger.findings), frame])


@pytest.fixture
def write(tmp_path):
    def written(text, name="table.csv", encoding="utf-8"):
        (tmp_path / name).write_bytes(text.encode(encoding))
        return tmp_path / name

    return written


def test_every_way_to_give_a_table_reads_the_same(write, tmp_path):
    path = write(SPEND)
    frame = pd.read_csv(path)
    frame.to_parquet(tmp_path / "table.parquet")
    with pd.ExcelWriter(tmp_path / "table.xlsx", engine="openpyxl") as book:
        pd.DataFrame([["Spend of 2026"]]).to_excel(book, index=False, header=False)
        frame.to_excel(book, index=False, startrow=2)
    periods = frame.assign(month=pd.PeriodIndex(frame["month"], freq="M"))
    days = frame.assign(month=pd.to_datetime(frame["month"]))
    expected = [Decimal(12_000), Decimal("900.5"), Decimal(-100)]
    for source in (
        path,
        str(tmp_path / "*.csv"),
        tmp_path / "table.parquet",
        tmp_path / "table.xlsx",
        frame,
        periods,
        days,
    ):
        ledger = read_spend(source)
        assert ledger.frame["amount"].tolist() == expected, source
        assert ledger.frame["month"].astype(str).tolist() == ["2026-01", "2026-02", "2026-02"]
        assert ledger.frame["channel"].tolist() == ["web", "web", "fair"]
        assert ledger.accounting()["rows"].sum() == ledger.rows


def test_other_names_delimiters_encodings_and_marks(write):
    text = "Monat;Kanal;Kosten\n01.2026;Süd;1.200,50\n02.2026;Süd;3\n"
    path = write(text, encoding="cp1252")
    columns = {"month": "Monat", "channel": "Kanal", "amount": "Kosten"}
    with pytest.raises(fk.FunnelError, match='encoding="cp1252"'):
        read_spend(path, columns=columns)
    with pytest.raises(fk.FunnelError, match="2 of 2 dates are not ISO"):
        read_spend(path, columns=columns, encoding="cp1252", decimal=",", thousands=".")
    ledger = read_spend(
        path,
        columns=columns,
        encoding="cp1252",
        decimal=",",
        thousands=".",
        date_format="%m.%Y",
        currency="eur",
    )
    assert ledger.frame["amount"].tolist() == [Decimal("1200.5"), Decimal(3)]
    assert ledger.frame["channel"].tolist() == ["Süd", "Süd"]
    assert ledger.currency == "EUR"


def test_dates_and_amounts_are_never_guessed_and_told_at_once(write):
    path = write("month,channel,amount\n03/04/2026,web,1.234\n05/06/2026,web,2,5\n")
    with pytest.raises(fk.FunnelError) as raised:
        read_spend(path)
    assert "orders read every value" in str(raised.value)
    frame = pd.DataFrame({"month": ["soon"], "channel": ["web"], "amount": ["1.2.3"]})
    with pytest.raises(fk.FunnelError) as raised:
        read_spend(frame)
    assert len(raised.value.problems) == 2


def test_rows_are_kept_or_set_aside_by_reason(write):
    text = (
        SPEND
        + "month,channel,amount\n"  # repeats the header
        + "2026-03,web,1,extra\n"  # does not fit
        + ",web,5\n2026-03,web,\n2026-03,,7\n"
        + "Total,,13807.50\n"
    )
    ledger = read_spend(write(text))
    counted = dict(ledger.accounting()[["reason", "rows"]].itertuples(index=False))
    assert counted == {
        "kept as a record": 4,
        "does not fit the header": 1,
        "repeats the header": 1,
        "no `month`": 1,
        "no `amount`": 1,
        "subtotal": 1,
    }
    assert sum(counted.values()) == ledger.rows == 9
    assert rules(ledger)["names_blank"] == 1
    assert "1 row has no `channel`, 7 in all" in told(ledger)


def test_what_is_found_in_spend():
    frame = pd.DataFrame(
        [
            ("2026-01", "Web ", 5),
            ("2026-01", "web", 5),
            ("2026-01", "web", 5),
            ("2026-01", "fair", 1),
            ("2026-02", "web", 5),
            ("2026-03", "fair", -2),
            ("2026-05", "fair", 2),
        ],
        columns=["month", "channel", "amount"],
    )
    ledger = read_spend(frame)
    assert rules(ledger) == {
        "months_missing": 1,  # April
        "months_missing_in_groups": 1,  # fair in February
        "near_equal_names": 1,
        "rows_repeated": 1,
        "amounts_negative": 1,
    }
    assert "fair 2026-02" in told(ledger)
    assert [finding.severity for finding in ledger.findings][-1] == "note"


def test_rows_of_one_key_are_added_and_said():
    frame = pd.DataFrame(
        {"month": "2026-01", "channel": ["web", "web", "fair"], "amount": [1, 2, 3]}
    )
    ledger = read_spend(frame)
    assert rules(ledger) == {"keys_repeated": 2}
    assert "added up" in told(ledger)


def test_missing_columns_are_named_with_the_closest_match():
    frame = pd.DataFrame({"month": ["2026-01"], "chanel": ["web"], "Cost": [1]})
    with pytest.raises(fk.FunnelError) as raised:
        read_spend(frame)
    assert "Did you mean `chanel`?" in str(raised.value)
    assert 'columns={"amount": …}' in str(raised.value)
    with pytest.raises(fk.FunnelError, match=r"column `Costs` .* Did you mean `Cost`"):
        read_spend(frame, columns={"amount": "Costs", "channel": "chanel"})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"columns": {"amuont": "x"}}, "Did you mean `amount`"),
        ({"columns": ["amount"]}, "`columns` must map"),
        ({"columns": {"amount": "a", "channel": "a"}}, "each needs its own"),
        ({"keep": ["amount"]}, "`keep`: `amount` is a column"),
        ({"keep": ["nothing"]}, "`nothing` .* is missing"),
        ({"personal": ["amount"]}, "`personal` names texts"),
        ({"personal": ["x"]}, "`personal`: unknown column"),
        ({"exchange": {"USD": 1.1}}, "`exchange` must say"),
        ({"exchange": {"USD": -1}, "currency": "EUR"}, "`exchange` must hold positive"),
        ({"exchange": {"EUR": 2}, "currency": "EUR"}, "one EUR is worth 1 EUR"),
        ({"currency": ""}, "`currency` must be a code"),
        ({"decimal": "1"}, "`decimal` must be one mark"),
        ({"date_format": "soon"}, "`date_format` must be a pattern"),
        ({"date_format": {"x": "%Y"}}, "`date_format`: unknown date column"),
    ],
)
def test_wrong_arguments_are_refused(wrong, message):
    frame = pd.DataFrame({"month": ["2026-01"], "channel": ["web"], "amount": [1]})
    with pytest.raises(fk.FunnelError, match=message):
        read_spend(frame, **wrong)


@pytest.mark.parametrize("source", [None, 5, [], "no_such_file.csv"])
def test_what_is_no_table_is_refused(source):
    with pytest.raises(fk.FunnelError, match=r"`source`|no file"):
        read_spend(source)


def test_files_of_several_kinds_are_refused(write, tmp_path):
    path = write(SPEND)
    pd.read_csv(path).to_parquet(tmp_path / "table.parquet")
    with pytest.raises(fk.FunnelError, match=r"`table\.parquet` is a Parquet file"):
        read_spend([path, tmp_path / "table.parquet"])


def test_currencies_by_hand():
    frame = pd.DataFrame(
        {
            "month": "2026-01",
            "channel": ["a", "b", "c"],
            "amount": ["10", "20.10", "30"],
            "currency": ["EUR", "usd", "GBP"],
        }
    )
    with pytest.raises(fk.FunnelError, match="EUR 1, GBP 1 and USD 1"):
        read_spend(frame)
    with pytest.raises(fk.FunnelError, match="`exchange` lacks GBP"):
        read_spend(frame, exchange={"USD": 0.9}, currency="EUR")
    ledger = read_spend(frame, exchange={"USD": 0.9, "GBP": 1.15}, currency="EUR")
    assert ledger.frame["amount"].tolist() == [Decimal(10), Decimal("18.09"), Decimal("34.5")]
    assert ledger.frame["currency"].tolist() == ["EUR"] * 3
    assert "EUR 1, GBP 1.15, USD 0.9" in told(ledger)
    with pytest.raises(fk.FunnelError, match="1 amount in `frame` bears no currency"):
        read_spend(frame.assign(currency=["EUR", None, "EUR"]))
    with pytest.raises(fk.FunnelError, match="`currency` is USD, and the amounts"):
        read_spend(frame.assign(currency="EUR"), currency="USD")
    blank = read_spend(frame.assign(currency=None), currency="USD")
    assert blank.currency == "USD"


def test_what_stands_in_personal_columns_is_in_no_text():
    frame = pd.DataFrame(
        {
            "at": ["2026-01-05", "2026-01-06", None],
            "kind": ["call", "call", "call"],
            "rep": ["Ann Secret", "ann secret", "Bob"],
            "note": ["Zoe Hidden", "zoe hidden", None],
        }
    )
    ledger = read_activities(frame, keep=["note"], personal=["note"])
    assert rules(ledger)["near_equal_names"] == 1
    assert not any(name in told(ledger).lower() for name in ("secret", "hidden"))
    quotas = pd.DataFrame({"period": "2026", "rep": ["Ann Secret"] * 2, "amount": [1, 2]})
    with pytest.raises(fk.FunnelError) as raised:
        read_quotas(quotas)
    assert "2 rows of `frame` share" in str(raised.value)
    assert "Secret" not in str(raised.value)
    mails = pd.DataFrame({"month": "2026-01", "channel": ["a@b.org", "A@b.org"], "amount": 1})
    ledger = read_spend(mails)
    assert rules(ledger)["mail_addresses"] == 2
    assert "b.org" not in told(ledger).lower()


def test_hostile_texts_stay_texts():
    hostile = ["<script>alert(1)</script>", "=1+1", "'; DROP TABLE x; --", "../../etc/passwd"]
    frame = pd.DataFrame({"month": "2026-01", "channel": hostile, "amount": 1})
    ledger = read_spend(frame)
    assert ledger.frame["channel"].tolist() == hostile
    assert "<script>" not in ledger._repr_html_()


def test_visitors_are_whole_and_never_below_zero():
    frame = pd.DataFrame({"month": ["2026-01", "2026-02"], "visitors": ["5000", None]})
    assert read_visitors(frame).frame["visitors"].tolist() == [5_000]
    with pytest.raises(fk.FunnelError, match=r"no whole number, such as 1\.5"):
        read_visitors(frame.assign(visitors=["1.5", "2"]))
    with pytest.raises(fk.FunnelError, match="1 value below 0, such as -10"):
        read_visitors(frame.assign(visitors=[-10, 2]))


def test_times_with_and_without_an_offset():
    frame = pd.DataFrame({"at": ["2026-01-05T09:30:00+01:00", "2026-07-05T09:30:00Z"]})
    frame["kind"] = "call"
    zoned = read_activities(frame, timezone="Europe/Berlin").frame["at"]
    assert [str(at) for at in zoned] == [
        "2026-01-05 09:30:00+01:00",
        "2026-07-05 11:30:00+02:00",
    ]
    plain = read_activities(frame.assign(at=["2026-01-05 09:30", "2026-01-06"]))
    assert [str(at) for at in plain.frame["at"]] == ["2026-01-05 09:30:00", "2026-01-06 00:00:00"]
    assert not plain.days_only
    assert read_activities(frame.assign(at="2026-01-06")).days_only == {"at"}
    with pytest.raises(fk.FunnelError, match="times with an offset"):
        read_activities(frame.assign(at=["2026-01-05T09:30:00Z", "2026-01-05 09:30"]))
    written = frame.assign(at=["05.01.2026 14:30", "06.01.2026 09:15"])
    read = read_activities(written, date_format="%d.%m.%Y %H:%M").frame["at"]
    assert [str(at) for at in read] == ["2026-01-05 14:30:00", "2026-01-06 09:15:00"]


def test_flags_counts_and_days_of_activities():
    frame = pd.DataFrame(
        {
            "at": "2026-01-05",
            "kind": "email",
            "opened": ["yes", "0", "3", None],
            "answered": [True, False, True, False],
            "minutes": ["1.5", None, "0", "2"],
            "due": ["2026-01-07", None, None, None],
            "done": [None, None, None, "2026-01-09"],
        }
    )
    read = read_activities(frame).frame
    assert read["opened"].tolist()[:3] == [True, False, True]
    assert read["opened"].isna().tolist() == [False, False, False, True]
    assert read["answered"].tolist() == [True, False, True, False]
    assert read["minutes"].sum() == 3.5
    assert str(read["done"].dropna().iloc[0].date()) == "2026-01-09"
    with pytest.raises(fk.FunnelError, match="1 value is neither yes nor no, such as 'maybe'"):
        read_activities(frame.assign(opened=["maybe", "no", None, None]))
    with pytest.raises(fk.FunnelError, match="how long it took cannot be negative"):
        read_activities(frame.assign(minutes=-3))


def test_activities_may_well_repeat():
    frame = pd.DataFrame({"at": ["2026-01-05"] * 3, "kind": ["call", "call", "email"]})
    assert set(rules(read_activities(frame))) == {"rows_repeated"}


@pytest.mark.parametrize(
    ("labels", "arguments", "expected"),
    [
        (["2026-01", "2026-02"], {}, ["2026-01", "2026-02"]),
        (["2026 Q1", "Q2 2026"], {}, ["2026 Q1", "2026 Q2"]),
        (["2026-Q1", "2026Q4"], {}, ["2026 Q1", "2026 Q4"]),
        (["2025", "2026"], {}, ["2025", "2026"]),
        (["FY2027 Q1", "fy2027 q2"], {"fiscal_year_start": 2}, ["FY2027 Q1", "FY2027 Q2"]),
        (["FY2027"], {"fiscal_year_start": 2}, ["FY2027"]),
        (["2026-02-01", "2026-05"], {"every": "quarter"}, ["2026 Q1", "2026 Q2"]),
    ],
)
def test_periods_of_quotas(labels, arguments, expected):
    from funnelkit._core.dates import period_label

    frame = pd.DataFrame({"period": labels, "rep": [f"r{i}" for i in range(len(labels))]})
    read = read_quotas(frame.assign(amount=1), **arguments).frame["period"]
    assert [period_label(period) for period in read] == expected


@pytest.mark.parametrize(
    ("label", "arguments", "message"),
    [
        ("2026-01-01", {}, "1 value is a day"),
        ("soon", {}, "no period, such as 'soon'"),
        ("2026-13", {}, "no period"),
        ("2026 Q5", {}, "no period"),
        ("2026 Q1", {"fiscal_year_start": 2}, "with FY"),
        ("2026-01", {"every": "week"}, "`every` must be one of"),
        ("2026", {"fiscal_year_start": 13}, "`fiscal_year_start`"),
    ],
)
def test_periods_that_are_none(label, arguments, message):
    frame = pd.DataFrame({"period": [label], "rep": ["r"], "amount": [1]})
    with pytest.raises(fk.FunnelError, match=message):
        read_quotas(frame, **arguments)


def test_periods_of_several_lengths_are_refused():
    frame = pd.DataFrame({"period": ["2026-01", "2026 Q1"], "rep": ["a", "b"], "amount": 1})
    with pytest.raises(fk.FunnelError, match="several lengths"):
        read_quotas(frame)


def test_subscriptions_come_in_two_forms():
    months = pd.DataFrame({"account": [1, 2], "month": "2026-01", "mrr": [1.5, 0]})
    assert read_subscriptions(months).frame["account"].tolist() == ["1", "2"]
    spans = pd.DataFrame({"account": ["a", "b"], "start": "2026-01-01", "mrr": 5})
    with pytest.raises(fk.FunnelError, match="column `end`"):
        read_subscriptions(spans)
    ledger = read_subscriptions(spans.assign(end=["2025-12-31", None]))
    assert dict(ledger.aside) == {"ends before it starts": 1}
    with pytest.raises(fk.FunnelError, match="needs `month` or `start` and `end`"):
        read_subscriptions(pd.DataFrame({"account": ["a"], "mrr": [1]}))


def test_damaged_ids_are_refused():
    frame = pd.DataFrame({"account": ["1.23E+15"], "month": ["2026-01"], "mrr": [1]})
    with pytest.raises(fk.FunnelError, match="powers of ten"):
        read_subscriptions(frame)


def test_months_without_a_row_are_an_error_of_subscriptions():
    frame = pd.DataFrame({"account": "a", "month": ["2026-01", "2026-03"], "mrr": 1})
    (finding,) = read_subscriptions(frame).findings
    assert (finding.rule, finding.severity) == ("months_missing", "error")


def test_a_frame_stands_for_a_ledger():
    frame = pd.DataFrame({"month": ["2026-01"], "channel": ["web"], "amount": [1], "line": ["x"]})
    ledger = as_ledger("spend", frame, argument="spend")
    assert ledger.frame["line"].tolist() == ["x"]
    assert as_ledger("spend", ledger, argument="spend") is ledger
    with pytest.raises(fk.FunnelError, match="must be a table of quotas, as `read_quotas`"):
        as_ledger("quotas", ledger, argument="quotas")
    with pytest.raises(fk.FunnelError, match="`spend` must be what `read_spend` returns"):
        as_ledger("spend", {"month": 1}, argument="spend")


def test_a_ledger_cannot_be_changed():
    frame = pd.DataFrame({"month": ["2026-01"], "channel": ["web"], "amount": [1]})
    ledger = read_spend(frame)
    copy = ledger.frame
    copy.loc[0, "channel"] = "other"
    frame.loc[0, "channel"] = "other"
    assert ledger.frame["channel"].tolist() == ["web"]
    with pytest.raises(TypeError):
        ledger.aside["x"] = 1
    with pytest.raises(AttributeError):
        ledger.rows = 5


def test_a_table_of_which_nothing_can_be_used():
    frame = pd.DataFrame({"month": [None], "channel": ["web"], "amount": [1]})
    ledger = read_spend(frame)
    assert len(ledger) == 0
    assert "0 rows of 1 read, 1 set aside" in ledger.summary()
    with pytest.raises(fk.FunnelError, match="holds no rows"):
        read_spend(frame.iloc[:0])


def test_contracts_in_years():
    frame = pd.DataFrame(
        {
            "contract": ["c"],
            "start": ["2026-01-01"],
            "end": ["2027-12-31"],
            "amount": [30],
            "first": [10],
            "second": [20],
        }
    )
    ledger = read_contracts(frame, years=["first", "second"])
    assert ledger.frame[["year_1", "year_2"]].to_numpy().tolist() == [[Decimal(10), Decimal(20)]]
    assert not ledger.findings
    with pytest.raises(fk.FunnelError, match="column `third`"):
        read_contracts(frame, years=["first", "third"])


cells = st.sampled_from(["2026-01", "2026-02", "", " ", "web", "5", "-3.5", "2026-01-31"])


@settings(max_examples=10, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["2026-01", "", " "]), cells, st.sampled_from(["1", "-2.5", "", " "])
        ),
        min_size=1,
        max_size=12,
    )
)
def test_rows_read_are_rows_kept_and_set_aside(rows):
    frame = pd.DataFrame(rows, columns=["month", "channel", "amount"])
    ledger = read_spend(frame)
    assert len(ledger) + sum(ledger.aside.values()) == ledger.rows == len(rows)
    assert ledger.accounting()["rows"].sum() == len(rows)
    kept = [amount for month, _, amount in rows if month.strip() and amount.strip()]
    assert ledger.frame["amount"].tolist() == [Decimal(amount) for amount in kept]
