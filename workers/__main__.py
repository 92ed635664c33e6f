"""`python -m workers inbound + outbound + default low`: one process for each group of job queues.

The parent loads the application and opens no connection; its children are forked from it, share
its memory, and are started again when they end. One slow provider, large file or campaign holds
up only its own group.
"""

import ctypes
import gc
import logging
import os
import signal
import sys
import time

from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from webapp import create_app, logs, metrics
from webapp.columns import utcnow
from webapp.extensions import redis_clients
from webapp.jobs import JOB_QUEUES
from workers import stopping

log = logging.getLogger(__name__)

JOBS_PER_PROCESS = 1000
MAINTENANCE_SECONDS = 60  # RQ's own 600 leaves a killed worker's job unnoticed for ten minutes
RESTART_SECONDS = 1
PR_SET_PDEATHSIG = 1


class Worker(SimpleWorker):
    """Runs each job in a fresh application context, and tells jobs when it is asked to stop."""

    app = None

    def perform_job(self, job, queue):
        began = utcnow()
        metrics.observe("parley_job_wait_seconds", waited(job, began), job_queue=queue.name)
        try:
            with self.app.app_context(), logs.about(**named(job)):
                return super().perform_job(job, queue)
        finally:
            ran = (utcnow() - began).total_seconds()
            metrics.observe("parley_job_run_seconds", ran, job_queue=queue.name)

    def request_stop(self, signum, frame):
        stopping.request()
        super().request_stop(signum, frame)


def waited(job, began):
    """Seconds between asking for a job and its beginning."""
    return max(0, (began - job.enqueued_at).total_seconds()) if job.enqueued_at else 0


def named(job):
    """What each log line of a job says of it; `shard` is an account's id, a message's, …"""
    shard = dict(zip(("shard",), job.args, strict=False))
    return {"job": job.func_name, "job_id": job.id, **shard, **(job.get_meta() or {})}


def main(arguments):
    groups = parse(arguments)
    app = create_app()
    gc.collect()
    gc.freeze()  # what is loaded by now stays shared between the children
    if len(groups) == 1:
        serve_alone(app, groups[0], arguments)
    else:
        Parent(app, groups).run()


def parse(arguments):
    """`inbound + default low` → `[["inbound"], ["default", "low"]]`; exits on an unknown name."""
    groups = [group.split() for group in " ".join(arguments).split("+")]
    unknown = {name for group in groups for name in group} - set(JOB_QUEUES)
    if unknown or not all(groups):
        sys.exit(f"job queues are {', '.join(JOB_QUEUES)}; + begins another process")
    return groups


def serve_alone(app, group, arguments):
    """A single group needs no parent: the process serves it, and begins anew when it has aged."""
    code = work(app, group)
    if code == 0 and not stopping.requested():
        os.execv(sys.executable, [sys.executable, "-m", "workers", *arguments])
    sys.exit(code)


class Parent:
    def __init__(self, app, groups):
        self._app = app
        self._groups = groups
        self._children = {}
        self._stopping = False

    def run(self):
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        for group in self._groups:
            self._start(group)
        while self._children:
            self._reap()

    def _start(self, group):
        pid = os.fork()
        if pid == 0:
            _end_with_parent()
            os._exit(work(self._app, group))
        self._children[pid] = group
        if self._stopping:  # asked for while this one was being made
            os.kill(pid, signal.SIGTERM)

    def _reap(self):
        pid, status = os.wait()
        group = self._children.pop(pid, None)
        if group is None or self._stopping:
            return
        if status:
            log.error("the worker of %s ended with %s; starting it again", group, status)
            time.sleep(RESTART_SECONDS)
        self._start(group)

    def _stop(self, _signal, _frame):
        self._stopping = True
        for pid in self._children:
            os.kill(pid, signal.SIGTERM)


def work(app, group):
    """Serve a group of job queues until asked to stop; the exit code for the parent."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    Worker.app = app
    redis = redis_clients.patient
    queues = [Queue(name, connection=redis, serializer=JSONSerializer) for name in group]
    worker = Worker(
        queues,
        connection=redis,
        serializer=JSONSerializer,
        maintenance_interval=MAINTENANCE_SECONDS,
    )
    try:
        worker.work(max_jobs=JOBS_PER_PROCESS, logging_level="WARNING", with_scheduler=False)
        metrics.flush()
    except Exception:
        log.exception("the worker of %s failed", group)
        return 1
    return 0


def _end_with_parent():
    """A parent that was killed must not leave children beside those of its successor."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    main(sys.argv[1:])
