"""Experiments: comparisons of variants that hold for small samples, long lags and many looks."""

from __future__ import annotations

from funnelkit.experiment.adjustment import adjust_pvalues
from funnelkit.experiment.averages.adjusted import adjust_means
from funnelkit.experiment.averages.means import compare_means
from funnelkit.experiment.averages.parts import ValueSplit, split_value
from funnelkit.experiment.averages.ratios import compare_ratios
from funnelkit.experiment.bayesian.answer import BayesianComparison, BayesianComparisons
from funnelkit.experiment.bayesian.beating import compare_bayesian
from funnelkit.experiment.clusters.compared import compare_clustered
from funnelkit.experiment.clusters.contamination import Contamination, find_contaminated
from funnelkit.experiment.clusters.correlation import DesignEffect, design_effect
from funnelkit.experiment.clusters.moments import AccountMoments
from funnelkit.experiment.clusters.regression import ClusterErrors, cluster_errors
from funnelkit.experiment.comparison import Arm, Comparison, Comparisons
from funnelkit.experiment.declaration.declared import Design, design
from funnelkit.experiment.declaration.metric import Metric
from funnelkit.experiment.declaration.readout import Readout
from funnelkit.experiment.families.staged import compare_stages
from funnelkit.experiment.families.stages_result import StageComparisons
from funnelkit.experiment.guards.balances import check_balance
from funnelkit.experiment.guards.confounding import check_confounding
from funnelkit.experiment.guards.contamination import check_contamination
from funnelkit.experiment.guards.look_ahead import check_look_ahead
from funnelkit.experiment.guards.maturities import check_maturity
from funnelkit.experiment.guards.outliers import check_outliers
from funnelkit.experiment.guards.result import Guard, Guards
from funnelkit.experiment.guards.reversals import check_reversal
from funnelkit.experiment.guards.splits import check_split
from funnelkit.experiment.lagged.comparing import compare_lagged
from funnelkit.experiment.lagged.result import LaggedComparison
from funnelkit.experiment.proportions.comparing import compare_rates
from funnelkit.experiment.sequential.anytime import confidence_sequence
from funnelkit.experiment.sequential.designs import Boundaries, boundaries
from funnelkit.experiment.sequential.looked import LookRead, SequentialTest
from funnelkit.experiment.sequential.observed import Look
from funnelkit.experiment.sequential.reading import analyse_looks
from funnelkit.experiment.sequential.sequence import ConfidenceSequence
from funnelkit.experiment.sequential.spent import SpendingFunction, spending
from funnelkit.experiment.sizing.asked import planned_design_effect
from funnelkit.experiment.sizing.decided import DecisionDate
from funnelkit.experiment.sizing.deciding import when_decidable
from funnelkit.experiment.sizing.drawn import Observed
from funnelkit.experiment.sizing.means_needed import detectable_means, power_means, size_means
from funnelkit.experiment.sizing.rates_needed import detectable, power, size
from funnelkit.experiment.sizing.simulated import Simulated
from funnelkit.experiment.sizing.simulating import simulate
from funnelkit.experiment.sizing.sized import Sizing
from funnelkit.experiment.unrandomised.before_and_after import before_after
from funnelkit.experiment.unrandomised.two_by_two import (
    DifferenceInDifferences,
    difference_in_differences,
)

__all__ = [
    "AccountMoments",
    "Arm",
    "BayesianComparison",
    "BayesianComparisons",
    "Boundaries",
    "ClusterErrors",
    "Comparison",
    "Comparisons",
    "ConfidenceSequence",
    "Contamination",
    "DecisionDate",
    "Design",
    "DesignEffect",
    "DifferenceInDifferences",
    "Guard",
    "Guards",
    "LaggedComparison",
    "Look",
    "LookRead",
    "Metric",
    "Observed",
    "Readout",
    "SequentialTest",
    "Simulated",
    "Sizing",
    "SpendingFunction",
    "StageComparisons",
    "ValueSplit",
    "adjust_means",
    "adjust_pvalues",
    "analyse_looks",
    "before_after",
    "boundaries",
    "check_balance",
    "check_confounding",
    "check_contamination",
    "check_look_ahead",
    "check_maturity",
    "check_outliers",
    "check_reversal",
    "check_split",
    "cluster_errors",
    "compare_bayesian",
    "compare_clustered",
    "compare_lagged",
    "compare_means",
    "compare_rates",
    "compare_ratios",
    "compare_stages",
    "confidence_sequence",
    "design",
    "design_effect",
    "detectable",
    "detectable_means",
    "difference_in_differences",
    "find_contaminated",
    "planned_design_effect",
    "power",
    "power_means",
    "simulate",
    "size",
    "size_means",
    "spending",
    "split_value",
    "when_decidable",
]
