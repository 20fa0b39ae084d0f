#!/bin/sh
# Starts the broker of docker-compose.yml: our own users get the passwords of the environment, each time anew; devices that
# were added to the file stay in it. MQTT_FLEET_PASSWORD is for the demo; without it that user doesn't exist.
set -eu
umask 077
passwords=/mosquitto/data/passwords
own=$(mktemp)

: "${MQTT_INGEST_PASSWORD:?is not set}"
: "${MQTT_WEB_PASSWORD:?is not set}"
printf 'ingest:%s\nweb:%s\n' "$MQTT_INGEST_PASSWORD" "$MQTT_WEB_PASSWORD" >"$own"
if [ -n "${MQTT_FLEET_PASSWORD:-}" ]; then
  printf 'fleet:%s\n' "$MQTT_FLEET_PASSWORD" >>"$own"
fi
# The health check's mosquitto_pub reads its options here.
mkdir -p /tmp/health
printf -- '-u ingest\n-P %s\n' "$MQTT_INGEST_PASSWORD" >/tmp/health/mosquitto_pub

# From a file and not as an argument, which every process of the host could read.
mosquitto_passwd -U "$own"
if [ -f "$passwords" ]; then
  grep -v -e '^ingest:' -e '^web:' -e '^fleet:' "$passwords" >>"$own" || true
fi
mv "$own" "$passwords"
if [ "$(id -u)" = 0 ]; then
  chown mosquitto: "$passwords" /mosquitto/data
fi
exec mosquitto -c /mosquitto/config/mosquitto.conf
