#!/bin/sh
# One image, several roles: web, worker, beat, migrate; anything else goes to manage.py.
set -eu

role=${1:-web}
[ $# -eq 0 ] || shift

case $role in
  web)
    exec gunicorn config.wsgi:application --bind 0.0.0.0:8000 --workers "${WEB_WORKERS:-3}" --threads "${WEB_THREADS:-4}" \
      --worker-class gthread --worker-tmp-dir /dev/shm --graceful-timeout 20 --max-requests 5000 --max-requests-jitter 500 \
      --access-logfile - "$@" ;;
  worker)
    exec celery --app config worker --loglevel INFO --concurrency "${WORKER_CONCURRENCY:-2}" \
      --without-gossip --without-mingle "$@" ;;
  beat)
    exec celery --app config beat --loglevel INFO --schedule /tmp/beat-schedule --pidfile= "$@" ;;
  migrate)
    exec python manage.py migrate --noinput "$@" ;;
  healthy)
    exec python -c '
import http.client
connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=4)
connection.request("GET", "/healthz", headers={"Host": "localhost", "X-Forwarded-Proto": "https"})
raise SystemExit(connection.getresponse().status != 200)' ;;
  *)
    exec python manage.py "$role" "$@" ;;
esac
