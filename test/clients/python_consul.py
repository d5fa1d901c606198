"""python-consul as people use it: keys, watches, services, locks, an election. One line for each
thing that worked; the first that did not ends it with 1.

    python_consul.py HOST PORT
"""
import sys
import threading
import time
import urllib.request

import consul

HOST, PORT = sys.argv[1], int(sys.argv[2])
PATIENCE = 10


def client():
    return consul.Consul(host=HOST, port=PORT)


def eventually(what, look):
    deadline = time.monotonic() + PATIENCE
    while not look():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def put(path):
    """What version 0.7.1 sends as GET, which Consul has refused since 1.0 with 405: so do we."""
    request = urllib.request.Request(f"http://{HOST}:{PORT}/v1/agent/{path}", method="PUT")
    with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
        assert reply.status == 200, path


def keys(c):
    value = bytes([0, 1, 254, 255])
    assert c.kv.put("py/a b", value, flags=42)
    index, entry = c.kv.get("py/a b")
    assert (entry["Value"], entry["Flags"]) == (value, 42), entry
    assert int(index) >= entry["ModifyIndex"] > 0
    assert c.kv.put("py/a b", "new", cas=entry["ModifyIndex"])
    assert not c.kv.put("py/a b", "late", cas=entry["ModifyIndex"])
    c.kv.put("py/c/d", None)
    assert c.kv.get("py/", keys=True, separator="/")[1] == ["py/a b", "py/c/"]
    assert [one["Key"] for one in c.kv.get("py/", recurse=True)[1]] == ["py/a b", "py/c/d"]
    c.kv.delete("py/", recurse=True)
    assert c.kv.get("py/a b")[1] is None


def watch(c):
    c.kv.put("py/watched", "1")
    index, _ = c.kv.get("py/watched")
    seen = []

    def wait():
        seen.append(client().kv.get("py/watched", index=index, wait="10s")[1]["Value"])

    waiting = threading.Thread(target=wait)
    waiting.start()
    c.kv.put("py/watched", "2")
    waiting.join(PATIENCE)
    assert seen == [b"2"], seen


def services(c):
    c.agent.service.register(
        "pyweb", service_id="py-1", port=8080, tags=["a"], check=consul.Check.ttl("30s")
    )
    assert "py-1" in c.agent.services()
    assert c.health.service("pyweb", passing=True)[1] == []
    if not c.agent.check.ttl_pass("service:py-1", "fine"):
        put("check/pass/service:py-1?note=fine")
    eventually("it passes", lambda: len(c.health.service("pyweb", passing=True)[1]) == 1)
    (one,) = c.health.service("pyweb", tag="a")[1]
    assert one["Service"]["Port"] == 8080, one
    if not c.agent.check.ttl_fail("service:py-1", "broken"):
        put("check/fail/service:py-1?note=broken")
    eventually("it fails", lambda: c.health.service("pyweb", passing=True)[1] == [])
    if not c.agent.service.deregister("py-1"):
        put("service/deregister/py-1")
    eventually("it is gone", lambda: "pyweb" not in c.catalog.services()[1])


def catalog(c):
    service = {"service": "pydb", "id": "db1", "port": 5432}
    assert c.catalog.register("py-node", "10.8.8.8", service=service)
    (one,) = c.catalog.service("pydb")[1]
    assert (one["Address"], one["ServicePort"]) == ("10.8.8.8", 5432), one
    assert c.catalog.deregister("py-node")
    assert "py-node" not in [node["Node"] for node in c.catalog.nodes()[1]]


def election(c):
    first = c.session.create(name="first", ttl=10, lock_delay=0, behavior="release")
    second = c.session.create(name="second", ttl=10, lock_delay=0, behavior="release")
    assert c.kv.put("py/leader", "first", acquire=first)
    assert not c.kv.put("py/leader", "second", acquire=second)
    index, entry = c.kv.get("py/leader")
    assert entry["Session"] == first and entry["LockIndex"] == 1, entry
    elected = []

    def wait():
        other = client()
        at = index
        while not other.kv.put("py/leader", "second", acquire=second):
            at, _ = other.kv.get("py/leader", index=at, wait="10s")
        elected.append("second")

    waiting = threading.Thread(target=wait)
    waiting.start()
    c.session.renew(first)
    assert elected == []
    c.session.destroy(first)
    waiting.join(PATIENCE)
    assert elected == ["second"]
    entry = c.kv.get("py/leader")[1]
    assert (entry["Value"], entry["LockIndex"]) == (b"second", 2), entry
    assert c.kv.put("py/leader", "", release=second)
    assert [one["ID"] for one in c.session.list()[1]] == [second]
    c.session.destroy(second)


def status(c):
    leader = c.status.leader()
    assert leader in c.status.peers()
    assert c.agent.self()["Config"]["NodeName"]
    assert [one["Status"] for one in c.agent.members()] == [1]


def events(c):
    c.event.fire("py-deploy", "v1")
    eventually("the event", lambda: c.event.list("py-deploy")[1][-1]["Payload"] == b"v1")


def errors(c):
    try:
        c.session.create(ttl=1)
    except AssertionError:
        pass  # the client looks at the bounds itself
    try:
        c.session.renew("11111111-2222-3333-4444-555555555555")
        raise SystemExit("a session that is not there was renewed")
    except consul.NotFound:
        pass
    try:
        c.kv.put("py/x", "", acquire="11111111-2222-3333-4444-555555555555")
        raise SystemExit("a session that is not there has a lock")
    except consul.ConsulException as error:
        assert "invalid session" in str(error), error


for step in [keys, watch, services, catalog, election, status, events, errors]:
    try:
        step(client())
    except Exception as error:  # whatever it is, the step has failed
        print(f"FAILED {step.__name__}: {type(error).__name__}: {error}")
        raise
    print(f"ok {step.__name__}")
