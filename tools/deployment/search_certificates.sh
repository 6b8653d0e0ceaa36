#!/bin/bash
# Makes the certificates of the search nodes, once: an authority, and a key pair for each node that it signs.
# Runs as root in the Elasticsearch image. CERTIFICATES is for the nodes alone, ACCESS for whoever asks them.
set -euo pipefail
: "${CERTIFICATES:?}" "${ACCESS:?}" "${NODES:?}"
CERTUTIL=${CERTUTIL:-/usr/share/elasticsearch/bin/elasticsearch-certutil}

if [ ! -f "$CERTIFICATES/ca/ca.key" ]; then
    work=$(mktemp -d)
    "$CERTUTIL" ca --silent --pem --days 3650 --out "$work/ca.zip"
    unzip -q "$work/ca.zip" -d "$work"
    {
        echo "instances:"
        for node in $NODES; do
            printf '  - name: %s\n    dns: [%s, localhost]\n    ip: ["127.0.0.1"]\n' "$node" "$node"
        done
    } > "$work/instances.yml"
    "$CERTUTIL" cert --silent --pem --days 730 --in "$work/instances.yml" --out "$work/nodes.zip" \
        --ca-cert "$work/ca/ca.crt" --ca-key "$work/ca/ca.key"
    unzip -q "$work/nodes.zip" -d "$work"
    for node in $NODES; do cp -r "$work/$node" "$CERTIFICATES/"; done
    # Last, because its presence says that all is done.
    cp -r "$work/ca" "$CERTIFICATES/"
    rm -r "$work"
fi
# The nodes run as a user of the group root.
chown -R 0:0 "$CERTIFICATES"
find "$CERTIFICATES" -type d -exec chmod 750 {} +
find "$CERTIFICATES" -type f -exec chmod 640 {} +
cp "$CERTIFICATES/ca/ca.crt" "$ACCESS/ca.crt"
chmod 444 "$ACCESS/ca.crt"
chmod 755 "$ACCESS"
