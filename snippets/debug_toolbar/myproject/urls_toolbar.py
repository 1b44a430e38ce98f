"""The URLs of myproject with those of django-debug-toolbar."""

from __future__ import annotations

# --8<-- [start:toolbar]
from debug_toolbar.toolbar import debug_toolbar_urls
from myproject.urls import urlpatterns

urlpatterns += debug_toolbar_urls()
# --8<-- [end:toolbar]
