#!/usr/bin/env bash
# A minimal orchestrator: claims the most urgent ready issue, runs a command for it, settles it, and looks again.
#
#   [TTL=60] [POLL=5] [ATTEMPTS=5] bash-orchestrator.sh [--until-idle] AGENT COMMAND [ARGUMENT]...
#
# The command finds its issue in JIT_ISSUE; `jit issue show "$JIT_ISSUE"` tells the rest. Exit status 0 means done. Any
# other gives the issue back for a while, and from attempt ATTEMPTS on puts it on hold, for a person to look at. TTL and
# POLL are seconds. Start as many of these over one repository as you like: every claim has one winner.
set -u
until_idle=no && [[ ${1-} == --until-idle ]] && until_idle=yes && shift
[[ $# -ge 2 ]] || { sed -n 's/^#   //p' "$0" >&2; exit 2; }
ttl=${TTL:-60} poll=${POLL:-5} attempts=${ATTEMPTS:-5} agent=$1 && shift
unset JIT_ISSUE JIT_EPOCH && export JIT_ACTOR=agent:$agent

# Calls jit until it has decided: not while it is busy (8), or the outcome unknown (11). No Ctrl-C cuts a call in two.
ask() {
    local code
    while (trap '' INT TERM && exec jit "$@"); code=$?; [[ $code == 8 || $code == 11 ]]; do sleep 1; done
    return "$code"
}
# Keeps the lease while the command lives. Once it is lost (7) the issue may be another's: the command must go at once.
renew() {
    while sleep "$(((ttl + 2) / 3))" && kill -0 "$worker" 2>/dev/null; do
        ask lease renew "$issue" --epoch "$epoch" -q >/dev/null
        [[ $? == 7 ]] && kill -KILL -- "-$worker" && return
    done
}
# Says whether work may come by itself: somebody is at it, or an issue waits for its time.
expects_work() {
    [[ -n $(ask query state in_progress -o id) ]] || ask query blocked -o jsonl --fields blocked_by | grep -q '"kind":"not_before"'
}
give_back() { ask issue release "$issue" "$1" --epoch "$epoch" --not-before "$2" -q >/dev/null; }
stop() {
    trap '' INT TERM
    [[ -n $claim ]] || exit 130
    if [[ -n $worker ]]; then
        kill -KILL -- "-$renewer" && kill -TERM -- "-$worker"
        for _ in {1..100}; do kill -0 -- "-$worker" 2>/dev/null && sleep 0.1 || break; done
        kill -KILL -- "-$worker" 2>/dev/null
    fi
    read -r issue epoch <<<"$claim" && give_back "the orchestrator was stopped" 1s
    exit 130
}

jit where >/dev/null || exit $?
claim='' worker='' number=0 is_idle=no errors=$(mktemp)
trap stop INT TERM && trap 'rm -f "$errors"' EXIT
while :; do
    number=$((number + 1)) key=$agent-$$-$RANDOM-$number
    claim=$(trap '' INT TERM; ask issue claim-next "$JIT_ACTOR" --ttl "${ttl}s" --key "$key" -o tsv --fields id,epoch -q 2>"$errors")
    case $? in
        0) is_idle=no ;;
        3) # Nothing is ready. What was in progress may have ended a moment ago, so only the second look counts.
            [[ $until_idle$is_idle == yesyes ]] && exit 0
            is_idle=no && [[ $until_idle == yes ]] && ! expects_work && is_idle=yes && continue
            sleep "$poll" & wait $!
            continue ;;
        6) continue ;; # somebody was faster
        *) cat "$errors" >&2 && exit 1 ;;
    esac
    read -r issue epoch <<<"$claim"
    set -m # the command leads a process group of its own, so that all of it can be stopped
    JIT_ISSUE=$issue JIT_EPOCH=$epoch "$@" </dev/null & worker=$!
    renew & renewer=$!
    set +m && disown "$renewer"
    reason='' && wait "$worker" || reason="exit status $?"
    kill -KILL -- "-$renewer" "-$worker" 2>/dev/null # and whatever the command left running
    [[ -z $reason ]] && ! ask issue done "$issue" --epoch "$epoch" -q >/dev/null && reason='jit refused to call it done'
    if [[ -n $reason ]]; then
        ((epoch < attempts)) || ask issue hold "$issue" "given up after $epoch attempts: $reason" --epoch "$epoch" -q >/dev/null
        give_back "$reason" "$((2 ** (epoch < 8 ? epoch : 8)))s"
    fi
    claim='' worker=''
done
