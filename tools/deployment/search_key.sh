#!/bin/bash
# Asks the search nodes for an API key that reads and writes our indices and nothing else, once. A key that still
# works is kept. Each node of NODES is asked in turn, for PATIENCE seconds: one that is down, or all, stop nothing where
# a key is kept, since everything but search is served without them; one that takes neither the key nor the password of
# elastic does, since that mends itself nowhere. Runs as root in the Elasticsearch image; READER is
# the user that the service runs as.
set -euo pipefail
: "${ACCESS:?}" "${NODES:?}" "${PATIENCE:?}" "${PREFIX:?}" "${READER:?}" "${PASSWORD_FILE:?}"

# What says who asks goes by standard input, so that it stands in no list of processes. A node that does not answer has
# the status 000.
asked() {
    curl --silent --connect-timeout 5 --max-time 20 --cacert "$ACCESS/ca.crt" --write-out '\n%{http_code}' -K - "$@" || true
}
role=$(printf '{"name": "calloff", "role_descriptors": {"calloff": {"cluster": [], "indices": [{"names": ["%s*"], "privileges": ["read", "write", "manage"]}]}}}' "$PREFIX")

# Whether a key works now, kept or made, by one node; what that node last said is in `answer`, and `refused` is not empty
# where it took neither the key nor the password.
works() {
    if [ -s "$ACCESS/api-key" ]; then
        answer=$(printf 'header = "Authorization: ApiKey %s"\n' "$(cat "$ACCESS/api-key")" \
            | asked "$1/_security/_authenticate")
        case "${answer##*$'\n'}" in
            200) echo "The API key works and is kept."; return 0 ;;
            401) ;;
            *) return 1 ;;
        esac
    fi
    answer=$(printf 'user = "elastic:%s"\n' "$(cat "$PASSWORD_FILE")" \
        | asked --header 'Content-Type: application/json' --data "$role" "$1/_security/api_key")
    key=$(printf '%s' "$answer" | sed -n 's/.*"encoded":"\([^"]*\)".*/\1/p')
    if [ -z "$key" ]; then
        # Where a key is kept, its 401 has led here.
        [ "${answer##*$'\n'}" != 401 ] || refused=yes
        return 1
    fi
    # Whoever is asked whether it works is not ended by what fails in it.
    { umask 077 && printf '%s\n' "$key" > "$ACCESS/api-key.new" && chown "$READER" "$ACCESS/api-key.new" \
        && chmod 400 "$ACCESS/api-key.new" && mv "$ACCESS/api-key.new" "$ACCESS/api-key"; } || exit 1
    echo "A new API key for $PREFIX* was made."
}

while :; do
    said="" refused=""
    for node in $NODES; do
        if works "$node"; then exit 0; fi
        said="$said, $node: ${answer##*$'\n'}"
    done
    [ "$SECONDS" -lt "$PATIENCE" ] || break
    sleep 2
done
if [ -n "$refused" ]; then
    echo "A search node takes neither a kept API key nor the password of elastic (${said#, }). Put right elastic_password." >&2
    exit 1
fi
if [ -s "$ACCESS/api-key" ]; then
    echo "No search node says that the API key works (${said#, }). It is kept; searches may answer 503 until one does." >&2
    exit 0
fi
echo "No search node gave an API key within $PATIENCE s (${said#, }; 000 is no answer). Look at their logs." >&2
exit 1
