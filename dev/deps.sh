#!/usr/bin/env bash
# Installs the Debian packages that building and testing need:
#
#   dev/deps.sh [build] [test]      (default: both)
#
# Installs nothing when nothing is missing. As root it uses apt-get; otherwise it prints the command to run and fails.
# Exim, which cannot be installed beside Postfix, is only unpacked, into .build-exim.
set -u
cd "$(dirname "$0")/.." || exit 1

# package:probe - a probe is a command, a file (or a pattern for its path), a shared library, or a Python module of the standard
# library that Debian packs apart.
build_packages=(
    libb2-dev:/usr/include/blake2.h
    libmariadb-dev:/usr/include/mariadb/mysql.h
    libpq-dev:/usr/include/postgresql/libpq-fe.h
    libsqlite3-dev:/usr/include/sqlite3.h
    libzstd-dev:/usr/include/zstd.h
    zlib1g-dev:/usr/include/zlib.h
    make:make
)
test_packages=(
    curl:curl
    dovecot-imapd:/usr/lib/dovecot/imap
    fish:fish
    gcc:gcc
    groff-base:groff
    haproxy:/usr/sbin/haproxy
    iproute2:ip
    libcap2-bin:setcap
    libgnutls-dane0:libgnutls-dane.so.0
    libidn12:libidn.so.12
    libnet-ssleay-perl:perl/Net::SSLeay
    libnginx-mod-mail:/usr/lib/nginx/modules/ngx_mail_module.so
    libnss-wrapper:libnss_wrapper.so
    libssl-dev:/usr/include/openssl/ssl.h
    logrotate:/usr/sbin/logrotate
    mandoc:mandoc
    mariadb-client-core:mariadb
    mariadb-server-core:/usr/sbin/mariadbd
    nginx:/usr/sbin/nginx
    openssl:openssl
    'php-fpm:/usr/sbin/php-fpm*'
    postfix:/usr/sbin/postfix
    postgresql-15:/usr/lib/postgresql/15/bin/postgres
    python3:python3
    python3-pip:python3/pip
    python3-venv:python3/ensurepip
    redis-server:/usr/bin/redis-server
    sqlite3:sqlite3
    strace:strace
    swaks:swaks
    systemd:systemd-socket-activate
    testssl.sh:testssl
    zsh:zsh
)

present() {
    case "$1" in
        /*) compgen -G "$1" >/dev/null ;;
        lib*.so*) /sbin/ldconfig -p | grep -qF "$1" ;;
        perl/*) perl -M"${1#*/}" -e 1 2>/dev/null ;;
        python3/*) python3 -c "import ${1#*/}" 2>/dev/null ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

# The program alone, and without its set-user-id bit.
unpack_exim() {
    [ -x .build-exim/exim4 ] && return
    command -v apt-get >/dev/null || return
    echo "deps.sh: unpacking exim4-daemon-light"
    local work status
    work=$(mktemp -d)
    (
        cd "$work" || exit
        apt-get download exim4-daemon-light || { apt-get update && apt-get download exim4-daemon-light; } || exit
        set -o pipefail
        dpkg-deb --fsys-tarfile exim4-daemon-light_*.deb | tar -xO ./usr/sbin/exim4 >exim4 && chmod 755 exim4
    ) >"$work/log" 2>&1 </dev/null && mkdir -p .build-exim && mv "$work/exim4" .build-exim/
    status=$?
    [ $status = 0 ] || tail -n 20 "$work/log" >&2
    rm -rf "$work"
    return $status
}

wanted=() exim=
[ $# -eq 0 ] && set -- build test
for set in "$@"; do
    case "$set" in
        build) wanted+=("${build_packages[@]}") ;;
        test) wanted+=("${test_packages[@]}") exim=wanted ;;
        *) echo "deps.sh: unknown set '$set' (build, test)" >&2; exit 2 ;;
    esac
done

if ! command -v swift >/dev/null; then
    echo "deps.sh: there is no 'swift' on the PATH; install Swift 6.2 or newer from swift.org/install" >&2
    exit 1
fi

missing=()
for entry in "${wanted[@]}"; do
    present "${entry#*:}" || missing+=("${entry%%:*}")
done
if [ -n "$exim" ] && ! unpack_exim; then
    echo "deps.sh: exim4-daemon-light could not be unpacked" >&2
    exit 1
fi
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
    echo "deps.sh: this system has no apt-get; install what Debian calls: ${missing[*]}" >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "deps.sh: packages are missing. Run this, then try again:" >&2
    echo "  sudo apt-get update && sudo apt-get install ${missing[*]}" >&2
    exit 1
fi

echo "deps.sh: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# The tests start a Postfix of their own, from their own directories: the system's stays unconfigured and unstarted.
# Never at the cost of a mail server that is already here, hence --no-remove.
case " ${missing[*]} " in
    *" postfix "*) echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections ;;
esac
# Likewise Dovecot, nginx, HAProxy, php-fpm and Redis: nothing that is installed here may start by itself, now or at the next boot, or fail because
# its port is taken. An administrator's own policy stays.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
fi
if ! { apt-get update && apt-get install -y --no-remove --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null
then
    tail -n 20 "$log" >&2
    rm -f "$log"
    echo "deps.sh: apt-get could not install: ${missing[*]}" >&2
    exit 1
fi
rm -f "$log"
for service in dovecot haproxy nginx php8.2-fpm postgresql redis-server; do
    case " ${missing[*]} " in
        *" ${service/8.2/}"*) [ -d /run/systemd/system ] && systemctl disable --quiet "$service" ;;
    esac
done
for entry in "${wanted[@]}"; do
    if ! present "${entry#*:}"; then
        echo "deps.sh: ${entry%%:*} is installed, but ${entry#*:} is still not there" >&2
        exit 1
    fi
done
