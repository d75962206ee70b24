#!/usr/bin/env python3
"""An orchestrator with a pool of agents, in nothing but the standard library.

    simple-orchestrator.py POOL.json [--until-idle] [--ttl 60] [--poll 5] [--attempts 5] [--backoff 10]

POOL.json: {"agents": [{"id": "coder", "capacity": 2, "tags": ["rust"], "command": ["./coder.sh"]}]}

An issue with a label that is some agent's tag goes only to agents with that tag. A command finds its issue in JIT_ISSUE;
exit status 0 means done. After a failure the issue waits, longer each time, and after the last attempt it is put on hold.
Ctrl-C ends the commands and gives their issues back; a second one does not wait for them.
"""
import argparse, json, os, queue, random, signal, subprocess, sys, threading, time, uuid
from dataclasses import dataclass

NOT_FOUND, REFUSED, CONFLICT, BUSY, UNKNOWN = 3, 4, 6, 8, 11


class JitError(Exception):
    def __init__(self, code, stderr):
        super().__init__(json.loads(stderr)["error"]["message"] if stderr.startswith("{") else stderr.strip())
        self.code = code


def jit(*words, stdin=None):
    """Calls jit until it has decided: not while it is busy, or the outcome unknown. No Ctrl-C reaches the call."""
    while True:
        call = subprocess.run(["jit", *words, "--json"], input=stdin, capture_output=True, text=True, start_new_session=True)
        if call.returncode == 0:
            return call.stdout
        if call.returncode not in (BUSY, UNKNOWN):
            raise JitError(call.returncode, call.stderr)
        time.sleep(0.5)


@dataclass
class Run:
    issue: str
    epoch: int
    agent: dict
    process: subprocess.Popen = None

    def signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass  # all of it is gone


class Orchestrator:
    def __init__(self, options):
        with open(options.pool, encoding="utf-8") as file:
            self.agents = json.load(file)["agents"]
        self.tags = {tag for agent in self.agents for tag in agent.get("tags", [])}
        self.options, self.runs, self.failures, self.n_signals = options, [], {}, 0
        self.news = queue.SimpleQueue()  # runs that ended, and numbers of signals

    def choose(self, issue):
        """Returns the free agent that can do the issue and has the fewest other skills: specialists are scarce."""
        need = self.tags.intersection(issue["labels"])
        used = lambda agent: sum(run.agent is agent for run in self.runs)
        able = [agent for agent in self.agents if need.issubset(agent.get("tags", []))]
        free = [agent for agent in able if used(agent) < agent.get("capacity", 1)]
        return min(free, key=lambda agent: len(agent.get("tags", [])), default=None)

    def dispatch(self):
        """Starts what can be started, in the order of jit: the most urgent first. Returns whether anything was."""
        n_before = len(self.runs)
        for issue in json.loads(jit("query", "ready", "--fields", "id,labels")):
            agent = self.choose(issue)
            if agent:
                self.start(issue["id"], agent)
        return len(self.runs) > n_before

    def start(self, issue, agent):
        who, ttl, key = f"agent:{agent['id']}", f"{self.options.ttl}s", uuid.uuid4().hex
        try:
            epoch = json.loads(jit("issue", "claim", issue, who, "--ttl", ttl, "--key", key))["epoch"]
        except JitError as error:
            if error.code in (NOT_FOUND, REFUSED, CONFLICT):
                return  # somebody was faster
            raise
        run = Run(issue, epoch, agent)
        env = {**os.environ, "JIT_ISSUE": issue, "JIT_EPOCH": str(epoch), "JIT_ACTOR": who}
        try:
            run.process = subprocess.Popen(agent["command"], stdin=subprocess.DEVNULL, env=env, start_new_session=True)
        except OSError as error:
            return self.fail(run, f"the agent cannot be started: {error}")
        self.runs.append(run)
        print(f"{issue}: started by {who}", flush=True)
        threading.Thread(target=lambda: (run.process.wait(), self.news.put(run)), daemon=True).start()

    def renew(self):
        """Renews all leases in one call. Who lost one must stop at once: the issue may be another's."""
        live = {run.issue: run for run in self.runs}
        held = "".join(json.dumps({"id": run.issue, "epoch": run.epoch}) + "\n" for run in self.runs)
        for line in jit("lease", "renew", "--batch", "-", stdin=held).splitlines() if held else []:
            answer = json.loads(line)
            if not answer["ok"]:
                live[answer["id"]].signal(signal.SIGKILL)

    def settle(self, run):
        self.runs.remove(run)
        run.signal(signal.SIGKILL)  # whatever it left running
        status, fence = run.process.returncode, ("--epoch", str(run.epoch))
        reason = f"exit status {status}"
        try:
            if status == 0:
                try:
                    state = json.loads(jit("issue", "done", run.issue, *fence))["state"]
                    return print(f"{run.issue}: {state}", flush=True)
                except JitError as error:
                    if error.code != REFUSED:
                        raise
                    reason = str(error)
            if self.n_signals:
                jit("issue", "release", run.issue, "the orchestrator was stopped", *fence)
            else:
                self.fail(run, reason)
        except JitError as error:
            print(f"{run.issue}: {error}", file=sys.stderr)  # it is no longer ours

    def fail(self, run, reason):
        print(f"{run.issue}: failed: {reason}", file=sys.stderr)
        n_failures = self.failures[run.issue] = self.failures.get(run.issue, 0) + 1
        fence, delay = ("--epoch", str(run.epoch)), min(300, self.options.backoff * 2 ** (n_failures - 1))
        if n_failures >= self.options.attempts:
            jit("issue", "hold", run.issue, f"given up after {n_failures} attempts: {reason}", *fence)
        wait = f"{int(1000 * delay * random.uniform(0.5, 1))}ms"
        jit("issue", "release", run.issue, reason, *fence, "--not-before", wait)

    def expects_work(self):
        """Says whether work may come by itself: somebody is at it, or an issue waits for its time."""
        blocked = json.loads(jit("query", "blocked", "--fields", "blocked_by"))
        kinds = {reason["kind"] for issue in blocked for reason in issue["blocked_by"]}
        return "not_before" in kinds or json.loads(jit("query", "state", "in_progress", "--fields", "id")) != []

    def loop(self):
        renew_at = look_at = 0.0
        is_idle = False
        while self.runs or not self.n_signals:
            now = time.monotonic()
            if now >= renew_at:
                self.renew()
                renew_at = now + self.options.ttl / 3
            if now >= look_at and not self.n_signals:
                look_at = now + self.options.poll
                if not self.dispatch() and not self.runs and self.options.until_idle and not self.expects_work():
                    if is_idle:  # What was in progress may have ended a moment ago, so only the second look counts.
                        return 0
                    is_idle, look_at = True, now
                else:
                    is_idle = False
            try:
                due = renew_at if self.n_signals else min(renew_at, look_at)
                news = self.news.get(timeout=max(0, due - time.monotonic()))
            except queue.Empty:
                continue
            if isinstance(news, Run):
                self.settle(news)
                look_at = 0.0
            else:
                self.n_signals += 1
                for run in self.runs:
                    run.signal(signal.SIGTERM if self.n_signals == 1 else signal.SIGKILL)
        return 130

    def run(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _: self.news.put(number))
        try:
            return self.loop()
        except JitError as error:
            return f"jit: {error}"
        finally:
            for run in self.runs:  # nobody is left to renew their leases
                run.signal(signal.SIGKILL)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pool", metavar="POOL.json")
    parser.add_argument("--until-idle", action="store_true")
    for name, default in (("ttl", 60), ("poll", 5.0), ("attempts", 5), ("backoff", 10.0)):
        parser.add_argument(f"--{name}", type=type(default), default=default)
    for name in ("JIT_ISSUE", "JIT_EPOCH"):
        os.environ.pop(name, None)
    sys.exit(Orchestrator(parser.parse_args()).run())
