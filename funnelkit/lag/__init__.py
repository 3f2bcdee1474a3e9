"""How long conversion takes, and what young cohorts will come to."""

from __future__ import annotations

from funnelkit.lag.adjusting.dispersion import Overdispersion, overdispersion
from funnelkit.lag.adjusting.pace import Pace, fit_pace
from funnelkit.lag.adjusting.result import AdjustedRates, adjust
from funnelkit.lag.adjusting.shrinkage import fit_shrunken
from funnelkit.lag.adjusting.shrunken import ShrunkenFit
from funnelkit.lag.ahead.open_leads import in_flight
from funnelkit.lag.ahead.result import InFlight
from funnelkit.lag.ahead.scoring import score_open
from funnelkit.lag.base import LagFit, Verdict
from funnelkit.lag.chain.fits import fit_chain_ladder
from funnelkit.lag.chain.ratios import ChainLadder, chain_ladder
from funnelkit.lag.chain.result import ChainLadderFit
from funnelkit.lag.choosing.choice import Choice, choose
from funnelkit.lag.choosing.chosen import ChosenFit
from funnelkit.lag.choosing.competing_choice import CompetingChoice
from funnelkit.lag.choosing.competing_chosen import ChosenCompetingFit
from funnelkit.lag.competing.fits import fit_cure_competing
from funnelkit.lag.competing.result import CompetingCureFit
from funnelkit.lag.cure.grouped import fit_cure
from funnelkit.lag.cure.result import CureFit
from funnelkit.lag.cure.times import CureTimesFit, fit_cure_times
from funnelkit.lag.hazard.fits import fit_hazard
from funnelkit.lag.hazard.homogeneous import Homogeneity, homogeneity
from funnelkit.lag.hazard.result import HazardFit
from funnelkit.lag.nonparametric.product_limit_fits import fit_competing, fit_kaplan_meier
from funnelkit.lag.nonparametric.result import NonparametricFit
from funnelkit.lag.regression.fits import CureRegression, fit_cure_regression
from funnelkit.lag.regression.times import CureTimesRegression, fit_cure_times_regression
from funnelkit.lag.restricted import within
from funnelkit.lag.rolling.backtests import backtest
from funnelkit.lag.rolling.result import Backtest
from funnelkit.lag.transitions.result import StageLags
from funnelkit.lag.transitions.stage_fits import fit_stages

__all__ = [
    "AdjustedRates",
    "Backtest",
    "ChainLadder",
    "ChainLadderFit",
    "Choice",
    "ChosenCompetingFit",
    "ChosenFit",
    "CompetingChoice",
    "CompetingCureFit",
    "CureFit",
    "CureRegression",
    "CureTimesFit",
    "CureTimesRegression",
    "HazardFit",
    "Homogeneity",
    "InFlight",
    "LagFit",
    "NonparametricFit",
    "Overdispersion",
    "Pace",
    "ShrunkenFit",
    "StageLags",
    "Verdict",
    "adjust",
    "backtest",
    "chain_ladder",
    "choose",
    "fit_chain_ladder",
    "fit_competing",
    "fit_cure",
    "fit_cure_competing",
    "fit_cure_regression",
    "fit_cure_times",
    "fit_cure_times_regression",
    "fit_hazard",
    "fit_kaplan_meier",
    "fit_pace",
    "fit_shrunken",
    "fit_stages",
    "homogeneity",
    "in_flight",
    "overdispersion",
    "score_open",
    "within",
]
