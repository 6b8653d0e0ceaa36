#!/bin/bash
# Makes the certificates of the search nodes, once: an authority, and a key pair for each node that it signs; later
# those of the nodes that have none. Runs as root in the Elasticsearch image. CERTIFICATES is for the nodes, ACCESS for
# whoever asks them; AUTHORITY is for this alone: with its key a node could be anybody.
set -euo pipefail
: "${CERTIFICATES:?}" "${AUTHORITY:?}" "${ACCESS:?}" "${NODES:?}"
CERTUTIL=${CERTUTIL:-/usr/share/elasticsearch/bin/elasticsearch-certutil}
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

# Where an earlier version kept it.
if [ -f "$CERTIFICATES/ca/ca.key" ]; then
    cp "$CERTIFICATES/ca/ca.crt" "$CERTIFICATES/ca/ca.key" "$AUTHORITY/"
    rm "$CERTIFICATES/ca/ca.key"
fi
if [ ! -f "$AUTHORITY/ca.key" ]; then
    "$CERTUTIL" ca --silent --pem --days 3650 --out "$work/ca.zip"
    unzip -q "$work/ca.zip" -d "$work"
    for node in $NODES; do rm -rf "${CERTIFICATES:?}/$node"; done
    cp "$work/ca/ca.crt" "$AUTHORITY/"
    # Last, because its presence says that all is done.
    cp "$work/ca/ca.key" "$AUTHORITY/ca.key.new"
    mv "$AUTHORITY/ca.key.new" "$AUTHORITY/ca.key"
fi
lacking=$(for node in $NODES; do [ -f "$CERTIFICATES/$node/$node.key" ] || echo "$node"; done)
if [ -n "$lacking" ]; then
    {
        echo "instances:"
        for node in $lacking; do
            printf '  - name: %s\n    dns: [%s, localhost]\n    ip: ["127.0.0.1"]\n' "$node" "$node"
        done
    } > "$work/instances.yml"
    "$CERTUTIL" cert --silent --pem --days 730 --in "$work/instances.yml" --out "$work/nodes.zip" \
        --ca-cert "$AUTHORITY/ca.crt" --ca-key "$AUTHORITY/ca.key"
    unzip -q "$work/nodes.zip" -d "$work"
    for node in $lacking; do
        mkdir -p "$CERTIFICATES/$node"
        cp "$work/$node/$node.crt" "$CERTIFICATES/$node/"
        cp "$work/$node/$node.key" "$CERTIFICATES/$node/"
    done
fi
mkdir -p "$CERTIFICATES/ca"
cp "$AUTHORITY/ca.crt" "$CERTIFICATES/ca/"
# The nodes run as a user of the group root.
chown -R 0:0 "$CERTIFICATES" "$AUTHORITY"
find "$CERTIFICATES" -type d -exec chmod 750 {} +
find "$CERTIFICATES" -type f -exec chmod 640 {} +
chmod 700 "$AUTHORITY"
chmod 600 "$AUTHORITY/ca.key"
cp "$AUTHORITY/ca.crt" "$ACCESS/ca.crt"
chmod 444 "$ACCESS/ca.crt"
chmod 755 "$ACCESS"
