"""HubSpot's exports: deals, contacts and their histories, read as they are."""

from funnelkit.data.hubspot.headers import recognise

__all__ = ["recognise"]
