# --8<-- [start:view]
"""What the editors use."""

from __future__ import annotations

from django.contrib.auth.decorators import user_passes_test
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from games.topics import news


@require_POST
@user_passes_test(lambda user: user.is_staff)
def announce(request: HttpRequest) -> HttpResponse:
    news.publish_sync(request.POST["text"], group="everybody")  # (hl)
    return HttpResponse(status=204)


# --8<-- [end:view]
