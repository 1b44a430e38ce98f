"""What every tenant shares: the tenants themselves, and rows that each user sees his own of."""

from __future__ import annotations

from django.db import models
from django_tenants.models import DomainMixin, TenantMixin


class Tenant(TenantMixin):
    auto_create_schema = True


class Domain(DomainMixin):
    pass


class Secret(models.Model):
    """Row-level security shows a user those with its name."""

    owner = models.CharField(max_length=50)
    text = models.CharField(max_length=50)
