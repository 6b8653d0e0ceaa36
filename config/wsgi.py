"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django = get_wsgi_application()

from config.utf8 import in_utf8  # noqa: E402 - the API's problems need the settings

application = in_utf8(django)
