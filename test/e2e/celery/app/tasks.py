"""A Celery app, and who sends its tasks and asks Celery of them. What it is, the environment says."""
import json
import os
import sys

import redis
from celery import Celery
from celery.exceptions import Ignore

BROKER = os.environ["BROKER"]
BACKEND = os.environ["BACKEND"]

if BACKEND == "django-db":
    import urllib.parse

    import django
    from django.conf import settings

    at = urllib.parse.urlsplit(os.environ["DJANGO_DATABASE"])
    database = {"ENGINE": "django.db.backends.postgresql", "NAME": at.path[1:], "USER": at.username, "HOST": at.hostname, "PORT": at.port}
    settings.configure(
        DATABASES={"default": database}, INSTALLED_APPS=["django_celery_results"], DEFAULT_AUTO_FIELD="django.db.models.AutoField", USE_TZ=True
    )
    django.setup()

app = Celery("shop", broker=BROKER, backend=BACKEND)
app.conf.update(
    task_track_started=os.environ.get("TRACK_STARTED") == "1",
    result_extended=os.environ.get("EXTENDED") == "1",
    worker_prefetch_multiplier=4,
    broker_connection_retry_on_startup=True,
)
if os.environ.get("BELFRY_SERVER"):
    import belfry_celery

    # A machine that has other things to do may take its time.
    belfry_celery.TIMEOUT = float(os.environ.get("TIMEOUT", "30"))
    belfry_celery.PAUSE = float(os.environ.get("PAUSE", "10"))

doors = redis.Redis.from_url(BROKER)


def wait_at_the_door(task):
    """Until somebody opens it."""
    doors.blpop(f"door:{task.request.id}", timeout=60)


@app.task(name="shop.add")
def add(first, second):
    return {"sum": first + second}


@app.task(name="shop.fail")
def fail(text):
    raise ValueError(text)


@app.task(name="shop.hold", bind=True)
def hold(self):
    wait_at_the_door(self)
    return "held"


@app.task(name="shop.again", bind=True)
def again(self, countdown):
    if self.request.retries == 0:
        raise self.retry(exc=ConnectionError("not yet"), countdown=countdown)
    wait_at_the_door(self)
    return "the second time"


@app.task(name="shop.crawl", bind=True)
def crawl(self):
    self.update_state(state="CRAWLING", meta={"current": 30, "total": 120, "pages": ["a", "b"]})
    wait_at_the_door(self)
    return {"pages": 120}


@app.task(name="shop.give_up", bind=True)
def give_up(self):
    raise Ignore()


@app.task(name="shop.pass_on", bind=True)
def pass_on(self):
    raise self.replace(add.s(3, 4))


@app.task(name="shop.odd")
def odd():
    return {"ratio": float("nan"), "text": "NaN"}


@app.task(name="shop.large")
def large(size):
    return "x" * size


class Shy:
    def __repr__(self):
        raise LookupError("its session is over")


class ShyError(Exception):
    def __str__(self):
        raise LookupError("its session is over")


@app.task(name="shop.shy", ignore_result=True)
def shy(fails):
    if fails:
        raise ShyError()
    return {"row": Shy()}


def send(task, args, headers=None):
    return app.send_task(f"shop.{task}", args, headers=headers).id


def send_untold(task, args, headers=None):
    """As from where nobody could tell Belfry of it."""
    belfry_celery.silent_until = float("inf")
    try:
        return send(task, args, headers)
    finally:
        belfry_celery.silent_until = 0


def ask(task_id):
    """What Celery's own AsyncResult says."""
    known = app.AsyncResult(task_id)
    status, result, traceback, done_at = known.state, known.result, known.traceback, known.date_done
    failed = isinstance(result, BaseException)
    return {
        "status": status,
        "result": None if failed else result,
        "exception": {"type": type(result).__name__, "words": str(result)} if failed else None,
        "traceback": traceback or "",
        "doneAt": done_at.isoformat() if done_at else None,
    }


def open_door(task_id):
    return doors.rpush(f"door:{task_id}", "open")


def revoke(task_id, terminate):
    """Returns when the worker has heard it."""
    return len(app.control.revoke(task_id, terminate=terminate, signal="SIGKILL", reply=True, limit=1, timeout=20))


def migrate():
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


if __name__ == "__main__":
    for line in sys.stdin:
        name, *given = json.loads(line)
        answer = json.dumps(globals()[name](*given), default=repr)
        print(json.dumps(json.loads(answer, parse_constant=lambda _: None)), flush=True)
