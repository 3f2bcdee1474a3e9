"""`analyse_looks`: which boundary applied at each look, what was spent, and what to do."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.sequential import limits
from funnelkit.experiment.sequential.designs import Boundaries
from funnelkit.experiment.sequential.looked import (
    LookRead,
    SequentialTest,
    State,
    effect_at,
    last_critical,
    outcome_of,
    repeated_interval,
)
from funnelkit.experiment.sequential.observed import Look, look_of, looks_of
from funnelkit.experiment.sequential.telling import sentence

FloatArray = NDArray[np.float64]
_FULL = 1 - 1e-9
_OFF = 0.02


def analyse_looks(
    looks: Any,
    plan: Boundaries,
    *,
    overrun: Any = None,
    final: bool = False,
    planned_effect: float | None = None,
) -> SequentialTest:
    """Return each look beside the boundary that applied, and what may be said by now.

    Parameters
    ----------
    looks
        In order, each ``(information, z)``, ``(information, effect, standard error)``,
        ``(information, Comparison)`` or a Comparison by itself, of all leads so far; or a frame
        with the columns ``information`` and ``z``. Information counts as in the plan: matured
        leads, or shares of the whole. A Comparison by itself brings the leads of both arms (those
        of an even split that would tell as much).
    plan
        What :func:`boundaries` returned before the first look. With spending functions the looks
        need not be those planned: the boundary at each follows from the information that came.
        Where nothing was planned, see :func:`confidence_sequence`.
    overrun
        One more look, of the same form, after the stop: with leads that had entered by then and
        have matured since.
    final
        Whether the latest look is the last even if less information came than was planned: then
        it spends what is left.
    planned_effect
        Effect that was planned for, on the scale of the looks; for conditional power. Default: the
        drift at which the plan has its power.

    Returns
    -------
    SequentialTest
        Its ``looks`` hold a sentence each.

    Raises
    ------
    ArgumentError
        If a look cannot be read, information does not rise, there are more looks than a classical
        plan has, or `overrun` comes without a stop.

    Notes
    -----
    Repeated intervals hold at all looks together, whatever stops the experiment. The adjusted
    p-value, median-unbiased estimate and interval follow the stage-wise ordering and take the plan
    to be obeyed. With an overrun the look of the stop is deleted and that with the added leads
    stands in its place (Whitehead 1992). Conditional power is that of one last look at full
    information.

    References
    ----------
    Lan and DeMets (1983), Biometrika 70, 659-663; Jennison and Turnbull (2000), Group Sequential
    Methods, sections 7.2, 8.5, 9.1 and 10.2; Whitehead (1992), Controlled Clinical Trials 13,
    106-121.

    Examples
    --------
    >>> from funnelkit.experiment.sequential.designs import boundaries
    >>> found = analyse_looks([(400, 0.9), (800, 2.1)], boundaries(5, planned=2000))
    >>> print(found.looks[1].sentence.replace(chr(0x202F), " "))
    Look 2 of 5: 40 % of the information is in; the boundary was z = 3.36; ours is 2.1: go on.
    0.0008 of 0.05 is spent.
    """
    if not isinstance(plan, Boundaries):
        raise ArgumentError(f"`plan` must be what `boundaries` returns; got {type(plan).__name__}.")
    seen = looks_of(looks, plan.alternative)
    course = _course(plan, seen, final=final)
    read = [_read(course, k, planned_effect) for k in range(len(seen))]
    crossed = [one.number for one in read if one.crossed]
    ended = final or course.fraction[-1] >= _FULL
    stop = crossed[0] if crossed else len(read) if ended else None
    state: State = "running"
    if crossed:
        state = "crossed"
    elif ended:
        state = "ended"
    elif read[-1].futile:
        state = "futile"
    after = None if overrun is None else _overrun(overrun, course, stop)
    pvalue, effect = _answer(course, stop, after)
    return SequentialTest(
        plan=plan,
        looks=tuple(read),
        state=state,
        stopped_at=stop,
        pvalue=pvalue,
        effect=effect,
        seen=tuple(seen),
        critical=course.critical,
        overrun=after,
        notes=tuple(_notes(course, stop, after, pvalue, crossed=bool(crossed))),
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class _Course:
    """The looks that came, and the boundaries in favour of the alternative that applied."""

    plan: Boundaries
    seen: list[Look]
    fraction: FloatArray
    critical: FloatArray
    spent: FloatArray
    futility: FloatArray
    final: bool

    @property
    def sign(self) -> float:
        """Of z in favour of the alternative."""
        return -1.0 if self.plan.alternative == "less" else 1.0

    def last(self, k: int) -> bool:
        """Return whether nothing is planned after a look."""
        return bool(self.fraction[k] >= _FULL) or (self.final and k + 1 == len(self.seen))


def _course(plan: Boundaries, seen: list[Look], *, final: bool) -> _Course:
    """Return the looks beside their boundaries."""
    fraction = np.array([one.information for one in seen]) / plan.planned
    critical, spent = _applied(plan, fraction, final=final)
    futility = _futility(plan, fraction, critical, final=final)
    return _Course(
        plan=plan,
        seen=seen,
        fraction=fraction,
        critical=critical,
        spent=spent,
        futility=futility,
        final=final,
    )


def _applied(plan: Boundaries, fraction: FloatArray, *, final: bool) -> tuple[FloatArray, ...]:
    """Return the boundary at each look, and the error of one side spent by it."""
    if plan.spending is None:
        if len(fraction) > len(plan.information):
            raise ArgumentError(
                f"`looks`: there are {len(fraction)}, and the plan has "
                f"{len(plan.information)} at constant boundaries; plan with "
                'method="lan-demets" to look as often as you like.'
            )
        critical = plan.critical[: len(fraction)]
        found = limits.crossing(fraction, critical, 0.0, two_sided=plan.two_sided)
        return critical, np.cumsum(found.upper)
    spent = plan.spending(fraction, plan.alpha_per_side)
    if final:
        spent[-1] = plan.alpha_per_side
    return limits.efficacy(fraction, spent, two_sided=plan.two_sided), spent


def _futility(
    plan: Boundaries, fraction: FloatArray, critical: FloatArray, *, final: bool
) -> FloatArray:
    """Return the boundary for futility at each look, in favour of the alternative."""
    none = np.full(len(fraction), math.nan)
    if plan.futility_spending is None:
        return none
    early = fraction < _FULL
    if final:
        early[-1] = False
    number = int(early.sum())
    if not number:
        return none
    # a last look stands at the end, where futility is what does not cross
    at = np.append(fraction[:number], max(1.0, fraction[number - 1] + 1e-3))
    upper = np.append(critical[:number], math.inf)
    spent = plan.futility_spending(at, 1 - plan.power)
    found, _ = limits.futile(at, upper, spent, plan.drift, two_sided=plan.two_sided)
    none[:number] = found[:number]
    return none


def _read(course: _Course, k: int, planned_effect: float | None) -> LookRead:
    """Return one look beside its boundary."""
    plan, look, sign = course.plan, course.seen[k], course.sign
    critical, futility = float(course.critical[k]), float(course.futility[k])
    ours = sign * look.z
    crossed = ""
    if ours >= critical or (plan.two_sided and -ours >= critical):
        crossed = "upper" if look.z > 0 else "lower"
    short = (abs(ours) if plan.two_sided else ours) < futility
    low, high = repeated_interval(look, critical, plan)
    chances = _conditional_power(course, k, planned_effect)
    found = LookRead(
        number=k + 1,
        information=look.information,
        fraction=float(course.fraction[k]),
        z=look.z,
        lower=-critical if plan.alternative != "greater" else -math.inf,
        upper=critical if plan.alternative != "less" else math.inf,
        futility=sign * futility,
        spent=float(course.spent[k]) * (2 if plan.two_sided else 1),
        crossed=crossed,
        futile=bool(short) and not crossed and not course.last(k),
        effect=effect_at(look, ours / math.sqrt(course.fraction[k]), plan),
        low=float(low),
        high=float(high),
        power_trend=chances[0],
        power_planned=chances[1],
        power_none=chances[2],
        sentence="",
    )
    return replace(found, sentence=sentence(found, plan, last=course.last(k)))


def _conditional_power(
    course: _Course, k: int, planned_effect: float | None
) -> tuple[float, float, float]:
    """Return the chances that a last look crosses: by trend, by plan and with no effect."""
    plan, look, at = course.plan, course.seen[k], float(course.fraction[k])
    planned = _planned_drift(course, k, planned_effect)
    if course.last(k):
        return (math.nan,) * 3
    rest = 1 - at
    if plan.spending is None:
        critical = float(plan.critical[-1])
    else:
        steps = np.append(course.fraction[: k + 1], 1.0)
        upper = np.append(course.critical[: k + 1], math.inf)
        *_, (now, _) = limits.running(steps, upper, 0.0, two_sided=plan.two_sided)
        part = plan.alpha_per_side - float(course.spent[k])
        critical = limits.boundary(now, 1.0, part)
    score = course.sign * look.z * math.sqrt(at)

    def chance(drift: float) -> float:
        ahead = score + drift * rest
        found = special.ndtr((ahead - critical) / math.sqrt(rest))
        if plan.two_sided:
            found += special.ndtr((-critical - ahead) / math.sqrt(rest))
        return float(found)

    return chance(score / at), chance(planned), chance(0.0)


def _planned_drift(course: _Course, k: int, planned_effect: float | None) -> float:
    """Return the drift of the planned effect, in favour of the alternative."""
    plan, look = course.plan, course.seen[k]
    if planned_effect is None:
        return math.copysign(plan.drift, look.z) if plan.two_sided else plan.drift
    if isinstance(planned_effect, bool) or not math.isfinite(planned_effect):
        raise ArgumentError(f"`planned_effect` must be a number; got {planned_effect!r}.")
    if look.comparison is None and math.isnan(look.standard_error):
        raise ArgumentError(
            "`planned_effect` is on the scale of an effect, and the looks hold z only; give "
            "(information, effect, standard error), or a comparison."
        )
    return course.sign * look.standard_errors(planned_effect) / math.sqrt(course.fraction[k])


def _overrun(given: Any, course: _Course, stop: int | None) -> Look:
    """Return the look with the leads that matured after the stop."""
    if stop is None:
        raise ArgumentError(
            "`overrun` is for leads that matured after the stop, and no boundary was crossed; "
            "append them to `looks` as one more look."
        )
    look = look_of(given, course.plan.alternative, "the overrun")
    before = course.seen[stop - 1].information
    if look.information < before:
        raise ArgumentError(
            f"`overrun` must have no less information than the look of the stop; got "
            f"{look.information:g} and {before:g}."
        )
    return look


def _answer(course: _Course, stop: int | None, after: Look | None) -> tuple[float, float]:
    """Return the p-value, and the estimate that goes with it."""
    plan = course.plan
    if stop is None:
        look = course.seen[-1]
        ours = abs(look.z) if plan.two_sided else course.sign * look.z
        drift = course.sign * look.z / math.sqrt(course.fraction[-1])
        return _repeated(plan, course.fraction, ours), effect_at(look, drift, plan)
    outcome = outcome_of(plan, course.seen, course.critical, stop, after)
    decisive = after or course.seen[stop - 1]
    return outcome.pvalue(), effect_at(decisive, outcome.estimate(), plan)


def _repeated(plan: Boundaries, fraction: FloatArray, ours: float) -> float:
    """Return the least alpha at which the latest look crosses its boundary."""
    sides = 2 if plan.two_sided else 1
    most = 1.0 / sides

    def apart(log_alpha: float) -> float:
        return last_critical(plan, fraction, math.exp(log_alpha)) - ours

    top = math.log(most * (1 - 1e-9))
    if apart(top) > 0:
        return 1.0
    return min(sides * math.exp(limits.root(apart, -3.0, low=-80.0, high=top)), 1.0)


def _notes(
    course: _Course, stop: int | None, after: Look | None, pvalue: float, *, crossed: bool
) -> list[str]:
    """Return what else must be said."""
    plan, number = course.plan, len(course.seen)
    found = []
    if stop is not None and stop < number:
        found.append(
            f"The plan was to stop at look {stop}; "
            f"{display.plural(number - stop, 'later look')} changed nothing in the adjusted p."
        )
    if plan.spending is None:
        off = np.abs(course.fraction / plan.fraction[:number] - 1).max()
        if off > _OFF:
            found.append(
                "The looks did not come as planned, on which constant boundaries rely; "
                'plan with method="lan-demets".'
            )
    elif course.fraction[-1] > 1 + _OFF:
        found.append(
            f"More information came than was planned ({course.seen[-1].information:g} against "
            f"{plan.planned:g}): the look at which the plan was full spent all that was left."
        )
    if after is not None:
        stands = pvalue < plan.alpha
        kind = "effect" if after.comparison is None else after.comparison.word
        told = "the finding stands" if crossed and stands else f"no {kind} is shown"
        found.append(
            "The look of the stop is replaced by that with the leads that matured since "
            f"(deletion method): {told}."
        )
    return found
