"""How the web server runs: gunicorn reads this file by itself."""

import gc
import multiprocessing
import os

wsgi_app = "app:serving()"
bind = os.environ.get("PORTAL_BIND") or f"127.0.0.1:{os.environ.get('PORT', '8000')}"
workers = multiprocessing.cpu_count()
worker_class = "gthread"
threads = 2
timeout = 120  # a long download keeps its thread, never its process
graceful_timeout = 30
keepalive = 5
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # heartbeats must not wait for a slow disk
limit_request_line = 8190
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")
# Addresses may hold what somebody searched for: the path alone is logged, without its query.
accesslog = "-"
access_log_format = '%(h)s %(t)s "%(m)s %(U)s" %(s)s %(B)s bytes %(M)s ms'
errorlog = "-"
loglevel = "warning"
proc_name = "portal"


def post_worker_init(worker):
    """Leave what was loaded out of garbage collection; let one process run the queued jobs, where PORTAL_WORKER says so."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)  # a page makes some thousand objects: at 700 each page is searched several times
    if os.environ.get("PORTAL_WORKER", "inside") != "inside":
        return
    import tasks

    tasks.start_inside(worker.app.callable or worker.app.wsgi())
