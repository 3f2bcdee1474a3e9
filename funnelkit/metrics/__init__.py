"""The numbers a sales team is run by, each with its numerator, denominator and definition."""

from __future__ import annotations

from funnelkit.metrics.acquisition import cac
from funnelkit.metrics.activity import activity_outcomes, rep_activity
from funnelkit.metrics.ageing import PipelineAgeing, pipeline_ageing
from funnelkit.metrics.contracts import acv
from funnelkit.metrics.converting import (
    adjusted_conversion,
    conversion,
    lead_conversion_rate,
    qualification_rate,
)
from funnelkit.metrics.cycle import cycle_of_stages, mean_cycle, sales_cycle
from funnelkit.metrics.durations import median_time_to_win, time_in_stage
from funnelkit.metrics.family import rate_family
from funnelkit.metrics.growing import growth
from funnelkit.metrics.handover import acceptance, recycled
from funnelkit.metrics.headlines import HEADLINES, Headline, Scorecard, scorecard
from funnelkit.metrics.landmarks import ResponseBands, response_bands
from funnelkit.metrics.lifetime import clv, clv_to_cac, payback, subscription_clv
from funnelkit.metrics.logos import LogoRetention, logo_retention
from funnelkit.metrics.people import rep_results
from funnelkit.metrics.quotas import quota_attainment
from funnelkit.metrics.reasons import LossReasons, loss_reasons
from funnelkit.metrics.recurring import Movements, mrr, mrr_movements, net_new_mrr
from funnelkit.metrics.representatives import RepResults
from funnelkit.metrics.response import ResponseTimes, first_response
from funnelkit.metrics.retention import account_revenue, revenue_retention
from funnelkit.metrics.returns import roi
from funnelkit.metrics.scored import ScoreBands
from funnelkit.metrics.scoring import score_bands
from funnelkit.metrics.sizes import DealSizes, deal_sizes
from funnelkit.metrics.targeted import target_accounts
from funnelkit.metrics.touching import follow_up, touches
from funnelkit.metrics.velocity import deal_velocity, pipeline_velocity
from funnelkit.metrics.visiting import visitor_to_lead
from funnelkit.metrics.winning import (
    close_rate,
    leads_to_close,
    opportunity_to_win,
    qualified_leads_to_close,
    win_rate,
)
from funnelkit.metrics.working_hours import WorkingHours

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
