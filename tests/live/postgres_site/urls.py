"""Pages to log in, and to make what the tests need."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model, login
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django_tenants.utils import tenant_context

from .notes.models import Note
from .shared.models import Domain, Tenant


def make_tenant(request: HttpRequest, name: str) -> JsonResponse:
    tenant = Tenant.objects.create(schema_name=name)
    Domain.objects.create(domain=f"{name}.ours.example", tenant=tenant, is_primary=True)
    with tenant_context(tenant):
        Note.objects.create(text=f"of {name}")
    return JsonResponse({})


def enter(request: HttpRequest, name: str) -> JsonResponse:
    user: Any = get_user_model()
    user = user.objects.create_user(name)
    login(request, user)
    return JsonResponse({"id": user.pk})


urlpatterns = [path("tenant/<str:name>", make_tenant), path("enter/<str:name>", enter)]
