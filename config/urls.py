"""Every address of the service: the API, signing in of integrations, the administration, the pages."""

from django.contrib import admin
from django.urls import include, path

from web.views.accounts import staff_sign_in

urlpatterns = [
    path("", include("api.urls")),
    path("admin/login/", staff_sign_in),
    path("admin/", admin.site.urls),
    path("", include("web.urls")),
]

# What a person sees when something went wrong; the API answers for itself.
handler400 = "web.views.errors.bad_request"
handler403 = "web.views.errors.permission_denied"
handler404 = "web.views.errors.page_not_found"
handler500 = "web.views.errors.server_error"
