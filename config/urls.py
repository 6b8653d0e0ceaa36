"""Every address of the service: the API, signing in of integrations, the administration, the pages."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("api.urls")),
    path("admin/", admin.site.urls),
    path("", include("web.urls")),
]
