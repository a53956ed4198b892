#!/bin/sh
# For compose.yaml: makes, once, a certificate for the collector and what the agent beside it needs.
# $1: configuration of the collector; $2: the collector's own folder for its key; $3: the folder that
# the agent may read.
set -eu
umask 077
configuration=$1 keys=$2 hand_over=$3

mkdir -p "$keys"
if [ ! -s "$keys/tls.key" ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj /CN=collector \
        -addext subjectAltName=DNS:collector,DNS:localhost,IP:127.0.0.1 \
        -keyout "$keys/tls.key.new" -out "$keys/tls.crt" 2>/dev/null
    # Last, so that a half-made pair is made again.
    mv "$keys/tls.key.new" "$keys/tls.key"
fi
cp "$keys/tls.crt" "$hand_over/tls.crt"

tenantwatch-collector tenant create compose --name "This compose project" --config "$configuration"
for role in agent admin; do
    [ ! -s "$hand_over/$role-token" ] || continue
    case $role in agent) whose="--tenant compose --agent" ;; admin) whose=--admin ;; esac
    # shellcheck disable=SC2086 # two words are meant
    tenantwatch-collector token create $whose --name compose.yaml --config "$configuration" \
        >"$hand_over/$role-token.new"
    mv "$hand_over/$role-token.new" "$hand_over/$role-token"
done
