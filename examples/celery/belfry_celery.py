"""Belfry as the record of what a Celery app runs.

Import it beside the app, in workers and in what sends tasks. It needs nothing but Python; tried with Celery 5.2 on Python 3.11.
BELFRY_SERVER says where Belfry is. Who a task is for is said where it is sent:

    collect.apply_async(["acct-1"], headers={"belfry": {"createdBy": "ann", "metadata": {"order_id": "42"}}})
"""
import http.client
import json
import logging
import os
import time
import types
import urllib.error
import urllib.request

from celery import signals

SERVER = os.environ.get("BELFRY_SERVER", "http://127.0.0.1:8980").rstrip("/")
TIMEOUT = 2  # seconds that one call may take
PAUSE = 10  # seconds without calls, after one that was not answered
LARGEST = 100_000  # characters of arguments, of a result, of a traceback
ALWAYS = ("taskId", "taskName", "status", "worker")
OWN = "celery."  # tasks of Celery itself

log = logging.getLogger("belfry")
silent_until = 0.0


def tell(method, **request):
    """What Belfry answers; None when it does not know the task, {} when it could not be told.

    Tracking breaks no task and holds none up for long. What is not told here is found later by SyncExecution.
    """
    global silent_until
    if time.monotonic() < silent_until:
        return {}
    url = f"{SERVER}/belfry.v1.ExecutionService/{method}"
    try:
        call = urllib.request.Request(url, json.dumps(request).encode(), {"content-type": "application/json"})
        with urllib.request.urlopen(call, timeout=TIMEOUT) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refusal:
        if refusal.code == 404:
            return None
        log.warning("belfry: %s of %s was refused: %s", method, request["taskId"], refusal.read(1000))
        least = {name: request[name] for name in ALWAYS if name in request}
        # The status counts, whatever was wrong with the rest: 400, or 429 where it was too large.
        return tell(method, **least) if refusal.code in (400, 429) and least != request else {}
    except (OSError, ValueError, http.client.HTTPException) as trouble:
        silent_until = time.monotonic() + PAUSE
        log.warning("belfry: %s of %s was not told: %s", method, request["taskId"], trouble)
        return {}


def register(task_id, name, args, kwargs, headers, **report):
    args, kwargs = plain(list(args or [])), plain(dict(kwargs or {}))
    told = {"module": name.split(".")[0], **(headers.get("belfry") or {}), **report}
    told["args"] = args if isinstance(args, list) else [args]
    told["kwargs"] = kwargs if isinstance(kwargs, dict) else {"kwargs": kwargs}
    return tell("RegisterExecution", taskId=task_id, taskName=name, **told)


def update(name, request, **report):
    """Registers it first where nobody could when it was sent."""
    if name.startswith(OWN) or tell("UpdateExecution", taskId=request.id, **report) is not None:
        return
    # Where its headers are depends on the version of Celery.
    headers = request.headers if request.headers and "belfry" in request.headers else vars(request)
    answer = register(request.id, name, request.args, request.kwargs, headers, **report)
    if answer and answer.get("existing"):
        tell("UpdateExecution", taskId=request.id, **report)


def plain(value):
    """As JSON, whatever it is; what is too large becomes the beginning of its text. NaN becomes null."""
    try:
        text = json.dumps(value, default=in_words)
        value = json.loads(text, parse_constant=lambda _: None)
    except (TypeError, ValueError, RecursionError):
        value = text = in_words(value, ascii)
    return value if len(text) <= LARGEST else text[:LARGEST]


def in_words(thing, words=repr):
    try:
        return words(thing)
    except Exception:  # One that cannot even say what it is: a row of a database whose session is over.
        return object.__repr__(thing)


def failure(exception, traceback):
    return {
        "error": in_words(exception, str)[:60_000],
        "errorType": type(exception).__qualname__[:255],
        "traceback": str(traceback or "")[-LARGEST:],
    }


@signals.before_task_publish.connect
def sent_again(headers=None, body=None, **_):
    # Before it is sent: another process may begin with it before this one has ended with the attempt that failed.
    if headers.get("retries"):
        request = types.SimpleNamespace(id=headers["id"], args=body[0], kwargs=body[1], headers=headers)
        update(headers["task"], request, status="RETRY")


@signals.after_task_publish.connect
def sent(headers=None, body=None, **_):
    if not headers.get("retries") and not headers["task"].startswith(OWN):
        register(headers["id"], headers["task"], body[0], body[1], headers)


@signals.task_prerun.connect
def started(task=None, **_):
    update(task.name, task.request, status="STARTED", worker=task.request.hostname or "")


@signals.task_retry.connect
def retried(sender=None, request=None, reason=None, einfo=None, **_):
    update(sender.name, request, **failure(reason.exc or reason, einfo))


@signals.task_success.connect
def succeeded(sender=None, result=None, **_):
    update(sender.name, sender.request, status="SUCCESS", result=plain(result))


@signals.task_failure.connect
def failed(sender=None, task_id=None, exception=None, args=None, kwargs=None, einfo=None, **_):
    request = sender.request
    if not request.id:  # The process of the task was lost; its worker has no more of it than is given here.
        request = types.SimpleNamespace(id=task_id, args=args, kwargs=kwargs, headers=None)
    update(sender.name, request, status="FAILURE", **failure(exception, einfo))


@signals.task_revoked.connect
def revoked(sender=None, request=None, terminated=False, expired=False, **_):
    why = "terminated" if terminated else "expired" if expired else "revoked"
    update(sender.name, request, status="REVOKED", error=why)


@signals.task_postrun.connect
def ignored(task=None, task_id=None, state=None, retval=None, **_):
    """A task that raises Ignore has no other end than what it has set itself. One that was replaced goes on as another."""
    if state == "IGNORED" and "Replaced" not in str(retval):
        known = task.AsyncResult(task_id).state
        update(task.name, task.request, status=known if known in ("SUCCESS", "FAILURE") else "REVOKED", error="ignored")
