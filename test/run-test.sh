#!/bin/sh
# The original's end-to-end test: a job that succeeds, one that retries and then fails, and an unknown command,
# run by a worker in the background. Needs sh and Node; uses a home of its own. Exits with 0 only when all holds.
set -u

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
QUEUECTL_HOME=$(mktemp -d) || exit 1
export QUEUECTL_HOME
log=$QUEUECTL_HOME/worker.log
worker=
failures=0

queuectl() {
  node "$here/../bin/queuectl.cjs" "$@"
}

finish() {
  if [ -n "$worker" ]; then kill -9 "$worker" 2>/dev/null; fi
  rm -rf "$QUEUECTL_HOME"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# check WHAT COMMAND…: the command must succeed.
check() {
  what=$1
  shift
  if "$@"; then
    echo "ok:     $what"
  else
    echo "FAILED: $what"
    failures=$((failures + 1))
  fi
}

# equal EXPECTED FOUND
equal() {
  [ "$1" = "$2" ] || { echo "        expected \"$1\", found \"$2\""; return 1; }
}

logged() {
  grep -q -F -- "$1" "$log" || { echo "        no \"$1\" in what the worker printed:"; cat "$log"; return 1; }
}

# field ID NAME: one field of a job.
field() {
  queuectl show "$1" --json --fields "$2"
}

echo '== enqueue three jobs'
check 'a job that succeeds' queuectl enqueue '{"id":"job-ok","command":"echo Hello World"}'
check 'a job that fails twice' queuectl enqueue '{"id":"job-fail","command":"echo failing; exit 1","max_retries":2}'
check 'an unknown command' queuectl enqueue '{"id":"job-unknown","command":"no-such-command-at-all"}'

echo '== start a worker in the background and wait 10 s'
node "$here/../bin/queuectl.cjs" worker start >"$log" 2>&1 &
worker=$!
sleep 10

echo '== look at the queue'
queuectl status
queuectl list --state completed
queuectl dlq list
check 'one job is completed' equal 'job-ok' "$(queuectl list --state completed -q)"
check 'two are dead' equal 'job-fail job-unknown' "$(queuectl dlq list -q | sort | tr '\n' ' ' | sed 's/ $//')"
check 'what the first printed is kept' equal 'Hello World' "$(queuectl logs job-ok)"
check 'the second ran twice' equal '{"attempts":2,"exit_code":1}' "$(field job-fail attempts,exit_code)"
check 'the third ran three times' equal '{"attempts":3,"exit_code":127}' "$(field job-unknown attempts,exit_code)"

echo '== stop the worker'
check 'worker stop' queuectl worker stop
seconds=0
while [ -n "$(queuectl worker list -q)" ] && [ "$seconds" -lt 20 ]; do
  sleep 1
  seconds=$((seconds + 1))
done
# One that does not stop must not keep this script from its end.
if [ "$seconds" -eq 20 ]; then kill -9 "$worker"; fi
wait "$worker"
check 'the worker exits with 0' equal 0 $?
worker=
check 'it said that it shuts down' logged 'Shutting down'
check 'and that it has stopped' logged '[Worker 1] Stopped.'
check 'no worker is left' equal '' "$(queuectl worker list -q)"

if [ "$failures" -gt 0 ]; then
  echo "$failures checks FAILED"
  exit 1
fi
echo 'all checks passed'
