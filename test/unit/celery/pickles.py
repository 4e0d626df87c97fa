"""Makes pickles.json: what Python itself pickles, as hexadecimal digits. `python3 pickles.py > pickles.json`; it takes Celery."""
import datetime
import decimal
import json
import os
import pickle

from celery.utils.serialization import get_pickleable_exception


class Unpickleable(Exception):
    def __init__(self, first, second):
        super().__init__(first)


class Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/somebody-ran-a-pickle",)


text = {"none": None, "yes": True, "no": False, "text": "hé任务", "longer": "x" * 300}
numbers = {"byte": 200, "word": 60000, "int": -70000, "long": 2**40, "negative": -(2**40), "float": 1.5}
shared = ["x"]
lists = {"list": [1, [2]], "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)], "shared": [shared, shared], "empty": [{}, []]}
plain = {**text, **numbers, **lists}
many = "lol"
for _ in range(30):
    many = [many, many]
endless = []
endless.append(endless)
meta = {"traceback": None, "children": [], "date_done": "2026-11-22T10:00:00.123456", "task_id": "t"}

values = {
    **{f"plain {protocol}": (plain, protocol) for protocol in (2, 3, 4, 5)},
    "a set": ([{1}, frozenset([2])], 4),
    "bytes": ({"raw": b"abc"}, 5),
    "a time": ({"at": datetime.datetime(2026, 1, 2)}, 5),
    "a decimal": (decimal.Decimal("1.5"), 5),
    "an error 2": (ValueError("no luck", 7), 2),
    "an error 5": (ValueError("no luck", 7), 5),
    "a wrapped error": (get_pickleable_exception(Unpickleable("no luck", 2)), 4),
    "an error as JSON": ({"exc_type": "ValueError", "exc_message": ["no luck"], "exc_module": "builtins"}, 5),
    "many": (many, 5),
    "endless": (endless, 5),
    "evil": ({"status": "SUCCESS", "result": Evil()}, 5),
    "keys": ({2: "a", None: "c"}, 5),
    "a tuple as key": ({(1, 2): "d"}, 5),
    "success": ({"status": "SUCCESS", "result": {"a": 1}, **meta}, 4),
    "failure": ({"status": "FAILURE", "result": ValueError("no luck"), **meta, "traceback": "Traceback"}, 2),
    "protocol 0": ({"a": 1}, 0),
}
print(json.dumps({name: pickle.dumps(value, protocol).hex() for name, (value, protocol) in values.items()}, indent=2))
