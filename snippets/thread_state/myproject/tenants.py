from contextlib import contextmanager

from django.db import connection
from django_tenants.utils import get_tenant_domain_model, tenant_context


@contextmanager
def enter_tenant(request):
    if not hasattr(request, "tenant"):
        connection.set_schema_to_public()
        host = request.get_host().partition(":")[0]
        domains = get_tenant_domain_model().objects.select_related("tenant")
        request.tenant = domains.get(domain=host).tenant
    with tenant_context(request.tenant):
        yield
