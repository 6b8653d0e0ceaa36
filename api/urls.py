"""Every address of the API and of signing in integrations; config/urls.py includes it at the root."""

from __future__ import annotations

from django.urls import include, path

from api.auth import ClientCredentialsView

urlpatterns = [
    path("api/v1/", include(("api.v1.urls", "api"))),
    path("oauth/token/", ClientCredentialsView.as_view(), name="oauth-token"),
]
