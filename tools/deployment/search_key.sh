#!/bin/bash
# Asks the search nodes for an API key that reads and writes our indices and nothing else, once. A key that still
# works is kept. Runs as root in the Elasticsearch image; READER is the user that the service runs as.
set -euo pipefail
: "${ACCESS:?}" "${NODE:?}" "${PREFIX:?}" "${READER:?}" "${PASSWORD_FILE:?}"

asked() { curl --silent --show-error --cacert "$ACCESS/ca.crt" --output /dev/null --write-out '%{http_code}' -K - "$@"; }

if [ -s "$ACCESS/api-key" ]; then
    code=$(printf 'header = "Authorization: ApiKey %s"\n' "$(cat "$ACCESS/api-key")" \
        | asked "$NODE/_security/_authenticate")
    if [ "$code" = 200 ]; then
        echo "The API key works and is kept."
        exit 0
    fi
    [ "$code" = 401 ] || { echo "The search node answered $code." >&2; exit 1; }
fi

role=$(printf '{"name": "calloff", "role_descriptors": {"calloff": {"cluster": [], "indices": [{"names": ["%s*"], "privileges": ["read", "write", "manage"]}]}}}' "$PREFIX")
# The password goes by standard input, so that it stands in no list of processes.
answer=$(printf 'user = "elastic:%s"\n' "$(cat "$PASSWORD_FILE")" \
    | curl --silent --show-error --fail --cacert "$ACCESS/ca.crt" -K - \
        --header 'Content-Type: application/json' --data "$role" "$NODE/_security/api_key")
key=$(printf '%s' "$answer" | sed -n 's/.*"encoded":"\([^"]*\)".*/\1/p')
[ -n "$key" ] || { echo "The search node gave no key." >&2; exit 1; }
umask 077
printf '%s\n' "$key" > "$ACCESS/api-key.new"
chown "$READER" "$ACCESS/api-key.new"
chmod 400 "$ACCESS/api-key.new"
mv "$ACCESS/api-key.new" "$ACCESS/api-key"
echo "A new API key for $PREFIX* was made."
