"""First-response times: minutes, the unanswered counted, and what is set aside."""

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DataError, EvidenceError
from funnelkit.data.ledgers import read_activities
from funnelkit.metrics import WorkingHours, first_response, follow_up, touches

LEADS = pd.DataFrame(
    {
        "record": ["a", "b", "c", "d", "e", "f"],
        "created": [
            "2026-03-02T09:00",
            "2026-03-02T10:00",
            "2026-03-02T11:00",
            "2026-03-03T09:00",
            None,
            "2026-05-01T09:00",
        ],
        "responded": [
            "2026-03-02T09:20",
            "2026-03-02T12:00",
            None,
            "2026-03-03T08:00",
            "2026-03-03T08:00",
            None,
        ],
        "source": ["web", "web", "fair", "web", "web", "fair"],
    }
)
EXPORT = pd.DataFrame(
    {
        "id": ["a", "b", "c"],
        "created_at": ["2026-03-27T15:50", "2026-03-27T16:30", "2026-03-28T10:00"],
        "won": ["2026-04-20", None, None],
        "lost": [None, "2026-04-02", None],
        "source": ["web", "fair", "web"],
    }
)
FUNNEL = fk.Funnel(
    ["lead", "won"],
    exits=["lost"],
    columns={"lead": "created_at"},
    keep=["created_at"],
    segments=["source"],
    timezone="Europe/Berlin",
)
ACTIVITIES = pd.DataFrame(
    {
        "record": ["a", "a", "b", "x", None, "c", "c"],
        "kind": ["note", "Call", "Email", "Call", "Call", "Call", "Task"],
        "at": [
            "2026-03-27T15:55",
            "2026-03-30T09:10",
            "2026-03-30T09:30",
            "2026-03-30T09:30",
            "2026-03-30T09:30",
            "2026-05-30T09:30",
            "2026-03-30T09:30",
        ],
    }
)


LEDGER = read_activities(ACTIVITIES)


@pytest.fixture(scope="module")
def leads():
    return fk.from_frame(EXPORT, FUNNEL, as_of="2026-04-30")


def test_the_unanswered_count():
    found = first_response(LEADS, as_of="2026-03-31")
    # Kept: a 20 minutes, b 120 minutes, c not answered. Half (and more) of three by 120.
    assert found.leads.tolist() == [[3]]
    assert found.median[0, 0] == 120
    assert found.median_of_answered[0, 0] == 70
    assert found.aside == {
        "no time of creation": 1,
        "created after the last day": 1,
        "answered before they were created": 1,
    }
    text = found.summary()
    assert "1 of 3 leads not answered" in text
    assert "which flatters" in text
    assert "1 answered before they were created" in text


def test_an_answer_after_the_last_day_has_not_come():
    found = first_response(LEADS.iloc[:3], as_of="2026-03-01", by="source")
    assert found.leads.size == 0
    assert "no leads" in found.summary()
    late = LEADS.iloc[:1].assign(responded="2026-03-05T09:00")
    assert first_response(late, as_of="2026-03-04").answered.sum() == 0
    assert first_response(late, as_of="2026-03-05").answered.sum() == 1


def test_by_segment_and_period():
    frame = first_response(LEADS, by="source", every="month", as_of="2026-05-31").to_frame()
    found = frame.set_index(["source", "cohort"])
    assert found.loc[("web", "2026-03"), "leads"] == 2
    assert found.loc[("fair", "2026-05"), "unanswered"] == 1
    assert found.loc[("web", "2026-04"), "leads"] == 0
    assert np.isnan(found.loc[("web", "2026-04"), "median_minutes"])
    assert found.loc[("web", "2026-03"), "within_30_min_rate"] == 0.5


def test_leads_and_their_activities(leads):
    found = first_response(leads, LEDGER)
    # a: Friday 15:50 to Monday 9:10, an hour less by the clock as clocks go forward on Sunday.
    a, b = 2 * 1440 + 17 * 60 + 20 - 60, 2 * 1440 + 17 * 60 - 60
    assert found.median[0, 0] == a
    assert found.median_of_answered[0, 0] == (a + b) / 2
    assert found.closed_unanswered.sum() == 0
    text = found.summary()
    assert "1 name no record and 1 one that is not among these leads" in text
    assert "note 1" in text
    assert "1 activity after the last day" in text
    hours = WorkingHours(timezone="Europe/Berlin")
    business = first_response(leads, LEDGER, hours=hours)
    assert first_response(leads, LEDGER, kinds="email").answered.sum() == 1
    assert first_response(leads, LEDGER, by=["source", "source"]).by == ("source",)
    assert business.quantiles[0, 0, :2].tolist() == [60, 80]  # b 30 + 30, a 70 + 10 minutes
    assert "business hours of Europe/Berlin" in business.summary()


def test_a_ledger_is_as_good_as_a_frame(leads):
    told = first_response(leads, LEDGER).to_frame()
    pd.testing.assert_frame_equal(told, first_response(leads, ACTIVITIES).to_frame())


def test_called_before_it_came_is_set_aside(leads):
    early = pd.concat(
        [ACTIVITIES, pd.DataFrame({"record": ["a"], "kind": ["Call"], "at": ["2026-03-01T09:00"]})]
    )
    found = first_response(leads, early)
    assert found.aside["answered before they were created"] == 1
    assert found.leads.sum() == 2


def test_offsets_and_zones():
    zoned = pd.DataFrame(
        {
            "created": ["2026-10-25T00:30:00Z", "2026-10-25T02:30:00+02:00"],
            "responded": ["2026-10-25T03:00:00+01:00", "2026-10-25T02:30:00+01:00"],
        }
    )
    found = first_response(zoned, as_of="2026-10-31")
    assert found.quantiles[0, 0, [0, 3]].tolist() == [60, 90]
    wall = pd.DataFrame({"created": ["2026-10-25T01:30"], "responded": ["2026-10-25T03:30"]})
    berlin = first_response(wall, timezone="Europe/Berlin", as_of="2026-10-31")
    assert berlin.median[0, 0] == 180
    doubtful = wall.assign(created="2026-10-25T02:15")
    text = first_response(doubtful, timezone="Europe/Berlin", as_of="2026-10-31").summary()
    assert "1 time of Europe/Berlin fall into an hour that came twice" in text
    typed = pd.DataFrame(
        {name: pd.to_datetime(zoned[name], utc=True) for name in ("created", "responded")}
    )
    assert first_response(typed, as_of="2026-10-31").quantiles[0, 0, 3] == 90


def test_without_a_day_up_to_the_latest_time():
    found = first_response(LEADS.iloc[:3])
    assert "`as_of` was not given: known up to the latest time" in found.summary()
    assert found.answered.sum() == 2
    calls = pd.DataFrame({"record": ["a", None], "kind": "call", "at": "2026-04-01T09:00"})
    later = first_response(LEADS[["record", "created"]].iloc[:2], calls)
    assert later.answered.sum() == 1  # though after every time in the table of leads
    assert later.as_of.isoformat() == "2026-04-01"
    nameless = LEADS[["record", "created"]].iloc[:2].assign(record=["a", None])
    assert first_response(nameless, calls).answered.sum() == 1  # a blank matches no blank


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"created": "02/03/2026 09:00"}, DataError, r"6 of 6 values of `created` are no ISO"),
        ({"created": 45000.5}, DataError, "holds numbers, not times"),
        ({"created": "2026-03-01"}, EvidenceError, "`created` tell days only"),
        ({"responded": "2026-03-05T09:00:00Z"}, DataError, "with an offset beside"),
        ({"record": "a"}, DataError, "5 rows repeat a `record`"),
    ],
)
def test_times_that_cannot_be_read(change, error, said):
    with pytest.raises(error, match=said):
        first_response(LEADS.assign(**change), as_of="2026-03-31")


def test_an_address_in_the_wrong_column_is_not_shown():
    with pytest.raises(DataError) as caught:
        first_response(LEADS.assign(created="ann@example.org"), as_of="2026-03-31")
    assert "ann@" not in str(caught.value)


def test_wrong_arguments(leads):
    with pytest.raises(ArgumentError, match=r"`Created_At` Did you mean `created`"):
        first_response(LEADS, columns={"created": "Created_At"})
    with pytest.raises(ArgumentError, match=r"Did you mean `created`"):
        first_response(LEADS, columns={"craeted": "created"})
    with pytest.raises(ArgumentError, match="nothing says when leads were answered"):
        first_response(LEADS.drop(columns="responded"))
    with pytest.raises(ArgumentError, match="nothing says when leads were answered"):
        first_response(leads)
    with pytest.raises(ArgumentError, match="`as_of` is for frames"):
        first_response(leads, LEDGER, as_of="2026-01-01")
    with pytest.raises(ArgumentError, match="`bands` must be minutes above 0 in rising order"):
        first_response(LEADS, bands=(30, 5))
    with pytest.raises(ArgumentError, match="`hours` must be WorkingHours; got '9-5'"):
        first_response(LEADS, hours="9-5")
    with pytest.raises(ArgumentError, match="`columns` must map our names"):
        first_response(LEADS, columns="created")
    with pytest.raises(ArgumentError, match="`by` must be a name or a list of names; got 5"):
        first_response(leads, LEDGER, by=5)
    with pytest.raises(ArgumentError, match="up to ten years"):
        first_response(LEADS, bands=(5, 1e12))
    with pytest.raises(ArgumentError, match="`as_of` must be a day that has come"):
        first_response(LEADS, as_of="9999-12-31")
    with pytest.raises(ArgumentError, match="`records` must be a ledger or a frame; got list"):
        first_response([1, 2])
    with pytest.raises(ArgumentError, match="no activity is of the kind 'fax'"):
        first_response(leads, LEDGER, kinds=["fax"])
    with pytest.raises(ArgumentError, match=r"Did you mean `source`"):
        first_response(leads, LEDGER, by="sorce")
    dayless = fk.from_frame(EXPORT, FUNNEL.replace(keep=()), as_of="2026-04-30")
    with pytest.raises(ArgumentError, match=r'keep=\["created_at"\]'):
        first_response(dayless, LEDGER)
    days = ACTIVITIES.assign(at=ACTIVITIES["at"].str[:10])
    with pytest.raises(EvidenceError, match="`at` tell days only"):
        first_response(leads, days)
    nameless = LEADS.drop(columns=["record", "responded"])
    with pytest.raises(ArgumentError, match="needs a column `record`"):
        first_response(nameless, LEDGER)


def test_hostile_names_are_only_names():
    odd = LEADS.iloc[:2].assign(source=["=1+1", "<b>&\n"])
    found = first_response(odd, by="source", as_of="2026-03-31")
    assert "<b>" not in found._repr_html_()
    assert "=1+1" in found.summary()


def test_follow_up_within_48_hours(leads):
    found = follow_up(leads, LEDGER)
    assert (found.numerator.sum(), found.denominator.sum()) == (0, 3)
    assert follow_up(leads, LEDGER, within=64).numerator.sum() == 1  # b, 63.5 hours less one
    hours = WorkingHours(timezone="Europe/Berlin")
    assert follow_up(leads, LEDGER, hours=hours).numerator.sum() == 2
    young = follow_up(LEADS, as_of="2026-05-02")
    assert young.denominator.sum() == 3
    assert "1 lead younger than 48 hours is not in the denominator" in young.summary()
    by_month = follow_up(LEADS, every="month", as_of="2026-05-31")
    assert by_month.periods == ("2026-03", "2026-04", "2026-05")
    assert by_month.denominator.tolist() == [[3, 0, 1]]
    with pytest.raises(EvidenceError, match="younger than 48 hours"):
        follow_up(LEADS.iloc[:1], as_of="2026-03-02")
    with pytest.raises(ArgumentError, match="`within` must be hours above 0"):
        follow_up(LEADS, within=0)


def test_touches_per_lead(leads):
    found = touches(leads, LEDGER)
    # a one call, b one email, c none by 30 April; notes, tasks and strangers are no touch.
    each = found["touches per lead"]
    assert (each.numerator.sum(), each.denominator.sum()) == (2, 3)
    assert found["touches until conversion"].value == 1
    assert found["leads without a touch"].value == pytest.approx(1 / 3)
    assert "long to win had more of them" in found.summary()
    more = pd.concat([ACTIVITIES, ACTIVITIES.assign(at="2026-04-21T09:00")])
    again = touches(leads, more, kinds=["call", "email", "note"])
    assert again["touches until conversion"].value == 2  # those of 21 April came after the win
    assert again["touches per lead"].numerator.sum() == 3 + 4


def test_touches_by_day_and_from_before(leads):
    days = ACTIVITIES.assign(at=["2026-03-27", "2026-03-26", *["2026-04-20"] * 5])
    found = touches(leads, days, by="source")
    each = found["touches per lead"]
    assert each.segments == (("fair",), ("web",))
    assert each.numerator.tolist() == [[1], [1]]
    assert "1 touch from before their lead came" in each.summary()
    without_times = fk.from_frame(EXPORT, FUNNEL.replace(keep=()), as_of="2026-04-30")
    assert touches(without_times, days)["touches per lead"].numerator.sum() == 2
    nobody = touches(leads, ACTIVITIES.iloc[:1])  # a note
    assert nobody["touches per lead"].value == 0
    assert nobody["leads without a touch"].value == 1
