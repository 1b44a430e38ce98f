"""The addresses of the chat."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import path
from django.views.generic import RedirectView, TemplateView

room = login_required(TemplateView.as_view(template_name="chat/room.html"))
login = LoginView.as_view(template_name="chat/login.html", next_page="/")
logout = LogoutView.as_view(next_page="login")

urlpatterns = [
    path("", RedirectView.as_view(url="/chat/lobby/"), name="home"),
    path("chat/<slug:room>/", room, name="room"),
    path("accounts/login/", login, name="login"),
    path("accounts/logout/", logout, name="logout"),
    path("admin/", admin.site.urls),
    *staticfiles_urlpatterns(),
]
