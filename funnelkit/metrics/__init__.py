"""The numbers a sales team is run by, each with its numerator, denominator and definition."""

from __future__ import annotations

from funnelkit.metrics.cycle.ageing import PipelineAgeing, pipeline_ageing
from funnelkit.metrics.cycle.cycles import cycle_of_stages, mean_cycle, sales_cycle
from funnelkit.metrics.cycle.durations import median_time_to_win, time_in_stage
from funnelkit.metrics.cycle.velocity import deal_velocity, pipeline_velocity
from funnelkit.metrics.economics.acquisition import cac
from funnelkit.metrics.economics.contracts import acv
from funnelkit.metrics.economics.growing import growth
from funnelkit.metrics.economics.lead_costs import cost_per_lead
from funnelkit.metrics.economics.lifetime import clv, clv_to_cac, payback, subscription_clv
from funnelkit.metrics.economics.returns import roi
from funnelkit.metrics.economics.sizes import DealSizes, deal_sizes
from funnelkit.metrics.economics.visiting import visitor_to_lead
from funnelkit.metrics.headline_figures import HEADLINES
from funnelkit.metrics.headlines import Headline, Scorecard, scorecard
from funnelkit.metrics.people.activity import activity_outcomes, rep_activity
from funnelkit.metrics.people.quotas import quota_attainment
from funnelkit.metrics.people.representatives import RepResults
from funnelkit.metrics.people.results import rep_results
from funnelkit.metrics.reasons.handover import acceptance, recycled
from funnelkit.metrics.reasons.losses import LossReasons, loss_reasons
from funnelkit.metrics.reasons.scored import ScoreBands
from funnelkit.metrics.reasons.scoring import score_bands
from funnelkit.metrics.recurring.logos import LogoRetention, logo_retention
from funnelkit.metrics.recurring.retention import account_revenue, revenue_retention
from funnelkit.metrics.recurring.revenue import Movements, mrr, mrr_movements, net_new_mrr
from funnelkit.metrics.response.first import ResponseTimes, first_response
from funnelkit.metrics.response.landmarks import ResponseBands, response_bands
from funnelkit.metrics.response.touching import follow_up, touches
from funnelkit.metrics.response.working_hours import WorkingHours
from funnelkit.metrics.winning.converting import (
    adjusted_conversion,
    conversion,
    lead_conversion_rate,
    qualification_rate,
)
from funnelkit.metrics.winning.family import rate_family
from funnelkit.metrics.winning.targeted import target_accounts
from funnelkit.metrics.winning.wins import (
    close_rate,
    leads_to_close,
    opportunity_to_win,
    qualified_leads_to_close,
    win_rate,
)

__all__ = [
    "HEADLINES",
    "DealSizes",
    "Headline",
    "LogoRetention",
    "LossReasons",
    "Movements",
    "PipelineAgeing",
    "RepResults",
    "ResponseBands",
    "ResponseTimes",
    "ScoreBands",
    "Scorecard",
    "WorkingHours",
    "acceptance",
    "account_revenue",
    "activity_outcomes",
    "acv",
    "adjusted_conversion",
    "cac",
    "close_rate",
    "clv",
    "clv_to_cac",
    "conversion",
    "cost_per_lead",
    "cycle_of_stages",
    "deal_sizes",
    "deal_velocity",
    "first_response",
    "follow_up",
    "growth",
    "lead_conversion_rate",
    "leads_to_close",
    "logo_retention",
    "loss_reasons",
    "mean_cycle",
    "median_time_to_win",
    "mrr",
    "mrr_movements",
    "net_new_mrr",
    "opportunity_to_win",
    "payback",
    "pipeline_ageing",
    "pipeline_velocity",
    "qualification_rate",
    "qualified_leads_to_close",
    "quota_attainment",
    "rate_family",
    "recycled",
    "rep_activity",
    "rep_results",
    "response_bands",
    "revenue_retention",
    "roi",
    "sales_cycle",
    "score_bands",
    "scorecard",
    "subscription_clv",
    "target_accounts",
    "time_in_stage",
    "touches",
    "visitor_to_lead",
    "win_rate",
]
