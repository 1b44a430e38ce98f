import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "myproject.settings")

django_application = get_asgi_application()

from strawberry_django.routers import AuthGraphQLProtocolTypeRouter

from .schema import schema

# --8<-- [start:router]
from .tenants import enter_tenant

application = AuthGraphQLProtocolTypeRouter(
    schema,
    django_application=django_application,
    enter_thread=enter_tenant,
)
# --8<-- [end:router]
