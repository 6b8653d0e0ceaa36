"""How gunicorn serves: the socket, processes and threads come from the supervisor's environment.

Threads wait for the database and for slow clients; they share one interpreter, so more of them does not mean
more searches a second, and more processes than cores does not either.
"""

import os

wsgi_app = "config.wsgi:application"
worker_class = "gthread"
workers = int(os.environ.get("WEB_PROCESSES", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
bind = [os.environ.get("WEB_BIND", "127.0.0.1:8000")]
keepalive = 30
timeout = 60
graceful_timeout = 8
# A pasted need of 2,000 characters is up to three times as long when percent-encoded.
limit_request_line = 8190
# The log of requests is django_structlog's, one line of JSON each.
accesslog = None
errorlog = "-"
loglevel = "warning"
control_socket_disable = True
