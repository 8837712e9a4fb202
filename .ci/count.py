"""Counts the tests of a `go test -json` stream and prints what failed.

The last line is "PASSED FAILED"; the lines before it are the output of each
failed test and package.
"""
import json
import sys

output, passed, failed = {}, 0, 0
with open(sys.argv[1], encoding="utf-8") as stream:
    for line in stream:
        if not line.startswith("{"):
            print(line, end="")
            continue
        event = json.loads(line)
        key = (event.get("Package") or event.get("ImportPath"), event.get("Test"))
        action = event["Action"]
        if action in ("output", "build-output"):
            output.setdefault(key, []).append(event["Output"])
        elif action == "pass":
            passed += key[1] is not None
            output.pop(key, None)
        elif action in ("fail", "build-fail"):
            failed += key[1] is not None or action == "build-fail"
            print(f"FAILED {key[0]} {key[1] or ''}")
            print("".join(output.pop(key, [])), end="")
print(passed, failed)
