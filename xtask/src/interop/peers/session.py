"""What the programs for Python peers share: the sessions they are told about, and what is said."""

import json
import pathlib
import sys


def sessions():
    """The conversation, and the sessions to have it in, from the file that the command line names."""
    plan = json.loads(pathlib.Path(sys.argv[1]).read_text())
    return rounds(pathlib.Path(plan["conversation"])), plan["sessions"]


def rounds(directory):
    """Lists of messages that are sent at once: (name, text or bytes, number of fragments)."""
    script = json.loads((directory / "conversation.json").read_text())

    def line(scripted):
        payload = (directory / scripted["payload"]).read_bytes()
        if scripted["text"]:
            payload = payload.decode()
        return scripted["name"], payload, scripted["fragments"]

    return [[line(scripted) for scripted in said] for said in script["rounds"]]


def cut(payload, count):
    """The fragments of a text or of bytes."""
    ends = [len(payload) * i // count for i in range(count + 1)]
    return [payload[start:end] for start, end in zip(ends, ends[1:])]


def compression(deflate, factory):
    """The arguments for websockets: its defaults, or an extension that was told what to ask for."""
    if deflate == "default":
        return {}
    return {"compression": None, "extensions": [factory(**deflate)]}


def ok(session):
    print(f"session {session['name']} ok", flush=True)


def failed(session, reason):
    text = " ".join(str(reason).split()) or "without a reason"
    print(f"session {session['name']} failed {type(reason).__name__}: {text}", flush=True)


def listening(session, port):
    print(f"listening {session['name']} {port}", flush=True)
