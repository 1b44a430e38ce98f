"""What is kept of a chat."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Message(models.Model):
    """A line somebody said in a room."""

    room = models.SlugField(max_length=50)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    text = models.TextField(max_length=500)
    sent_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)
