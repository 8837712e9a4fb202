"""Runs each shell example of the README, as written, in a fresh clone.

An example that serves (demo, serve) runs until it says that it is up, stays up
while the examples that call it run, and is then interrupted and must end. The
test command is not run here: it is a stage of its own.
"""
import os
import re
import signal
import subprocess
import sys
import time

clone = sys.argv[1]
subprocess.run(["git", "clone", "-q", ".", clone], check=True)
with open("README.md", encoding="utf-8") as f:
    blocks = re.findall(r"```sh\n(.*?)```", f.read(), flags=re.S)
commands = [line for block in blocks for line in block.splitlines() if line.strip()]
serving = None


def stop():
    """Interrupts what serves; it must drain and end by itself."""
    global serving
    if serving is None:
        return
    os.killpg(serving.pid, signal.SIGINT)
    serving.wait(timeout=60)
    serving = None


def start(command):
    global serving
    stop()
    log = open(os.path.join(clone, "serving.log"), "w+", encoding="utf-8")
    serving = subprocess.Popen(command, shell=True, cwd=clone, stdout=log, stderr=log, start_new_session=True)
    for _ in range(1200):
        said = open(log.name, encoding="utf-8").read()
        if "Ctrl-C" in said or '"msg":"ready"' in said:
            return
        if serving.poll() is not None:
            sys.exit(f"{command}\nended:\n{said}")
        time.sleep(0.1)
    sys.exit(f"{command}\ndid not come up:\n{said}")


ran = 0
for command in commands:
    if command == "go test ./...":
        continue
    if re.search(r"gatehouse (demo|serve)\b", command) and "--once" not in command:
        start(command)
    else:
        done = subprocess.run(command, shell=True, cwd=clone, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{command}\nexit code {done.returncode}\n{done.stdout}{done.stderr}")
    print("  ran:", command)
    ran += 1
stop()
if ran < 4 or "go test ./..." not in commands:
    sys.exit("the README lost its examples")
