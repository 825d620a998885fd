#!/bin/sh
# Makes a plain Debian an nginx that behaves as the upstream image does: it serves /usr/share/nginx/html on
# port 80 in the foreground and logs to standard output and error. It also starts where IPv6 is off.
set -eu

export DEBIAN_FRONTEND=noninteractive
apt-get --quiet=2 install --no-install-recommends nginx-light >/dev/null
apt-get clean

cat >/etc/nginx/nginx.conf <<'CONF'
user www-data;
worker_processes 2;
pid /run/nginx.pid;
error_log /dev/stderr notice;

events {
    worker_connections 512;
}

http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log /dev/stdout combined;
    sendfile on;

    server {
        listen 80 default_server;
        root /usr/share/nginx/html;
        index index.html;
    }
}
CONF

mkdir -p /usr/share/nginx/html
cat >/usr/share/nginx/html/index.html <<'PAGE'
<!DOCTYPE html>
<html>
<head><title>Welcome to nginx!</title></head>
<body><h1>Welcome to nginx!</h1></body>
</html>
PAGE
nginx -q -t
