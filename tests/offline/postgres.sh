#!/bin/sh
# Runs a temporary PostgreSQL server until standard input closes, then stops it and removes its files. Prints one line
# when the server answers: the folder with its sockets and its certificate.
#
# $1: the folder of the server's programs; $2: the port on 127.0.0.1; $3: the password for this port
set -eu
programs=$1 port=$2 password=$3

folder=$(mktemp -d /tmp/podproof-postgres-XXXXXX)
server=
leave() {
    if [ -n "$server" ]; then
        kill -INT "$server" 2>/dev/null || true
        wait "$server" || true
    fi
    rm -rf "$folder"
}
trap leave EXIT
trap 'exit 1' HUP INT TERM

prepare() {
    echo "$password" >"$folder/password"
    "$programs/initdb" --pgdata="$folder/data" --username=podproof --pwfile="$folder/password" \
        --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C --no-sync
    printf '%s\n' '[req]' 'distinguished_name = name' 'x509_extensions = more' 'prompt = no' \
        '[name]' 'CN = localhost' '[more]' 'subjectAltName = DNS:localhost' >"$folder/request"
    openssl req -x509 -config "$folder/request" -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
        -keyout "$folder/server.key" -out "$folder/server.crt"
}
prepare >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }

# A test database need not survive a crash of the machine: syncing it to disk would only take time.
"$programs/postgres" -D "$folder/data" -k "$folder" -c listen_addresses=127.0.0.1 -c port="$port" \
    -c ssl=on -c ssl_cert_file="$folder/server.crt" -c ssl_key_file="$folder/server.key" \
    -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off \
    >"$folder/log" 2>&1 </dev/null &
server=$!
until "$programs/pg_isready" --quiet --host="$folder" --port="$port"; do
    kill -0 "$server" 2>/dev/null || { cat "$folder/log" >&2; exit 1; }
    sleep 0.05
done
echo "$folder"
cat >/dev/null
