#!/bin/sh
# Starts the broker of docker-compose.yml: our own users get the passwords of the environment, each time anew; those of devices in
# the same file are the service broker-users' to keep. The broker reads users and certificates again when they change.
# With fullchain.pem and privkey.pem in /mosquitto/tls it listens with TLS at 8883 as well.
# MQTT_FLEET_PASSWORD is for the demo; without it that user doesn't exist.
set -eu
umask 077
passwords=/mosquitto/data/passwords
configuration=/tmp/mosquitto.conf
certificates=/mosquitto/tls
own=$(mktemp)

hand_over() {
  if [ "$(id -u)" = 0 ]; then
    chown -R mosquitto: "$@"
  fi
}

# The broker gives root's rights up before it reads a key.
take_certificate() {
  mkdir -p /tmp/tls
  cp "$certificates/fullchain.pem" "$certificates/privkey.pem" /tmp/tls/
  hand_over /tmp/tls
}

state() {
  cat "$passwords" "$certificates"/*.pem 2>/dev/null | md5sum
}

follow() {
  seen=$(state)
  while sleep 1 && kill -0 "$1" 2>/dev/null; do
    now=$(state)
    if [ "$now" != "$seen" ]; then
      seen=$now
      # Half a renewal is no certificate: the rest comes within seconds and is another change.
      [ ! -d /tmp/tls ] || take_certificate || true
      kill -HUP "$1"
    fi
  done
}

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
# Under the lock of stack/broker_users.py: the service broker-users may be changing the file.
(
  flock 9
  if [ -f "$passwords" ]; then
    grep -v -e '^ingest:' -e '^web:' -e '^fleet:' "$passwords" >>"$own" || true
  fi
  cp "$own" "$passwords.fresh"
  mv "$passwords.fresh" "$passwords"
) 9>"$passwords.lock"
rm "$own"
hand_over /mosquitto/data

cp /mosquitto/config/mosquitto.conf "$configuration"
if [ -f "$certificates/fullchain.pem" ] && [ -f "$certificates/privkey.pem" ]; then
  take_certificate
  printf '\nlistener 8883\ncertfile /tmp/tls/fullchain.pem\nkeyfile /tmp/tls/privkey.pem\n' >>"$configuration"
fi
hand_over "$configuration"
follow $$ &
exec mosquitto -c "$configuration"
