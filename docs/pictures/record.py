#!/usr/bin/env python3
# Records a terminal: python3 record.py OUT.svg < COMMANDS. Each line is executed by one bash, as it is; what it says and how long it took becomes an animated picture.
# `# words` is shown and not executed; `@ command` is executed and not shown. Needs out/bin on PATH; run it on a host of its own (record.sh).
import html, subprocess, sys, time

WIDTH, LINE, TOP, LEFT = 104, 19, 52, 18
TYPING = 0.028


def run(shell, command):
    mark = "--done-%d--" % time.monotonic_ns()
    begun = time.monotonic()
    shell.stdin.write(command + " 2>&1; echo " + mark + "\n")
    shell.stdin.flush()
    said = []
    for line in shell.stdout:
        line = line.rstrip("\n")
        if line.endswith(mark):
            if line[: -len(mark)]:
                said.append((time.monotonic() - begun, line[: -len(mark)]))
            break
        said.append((time.monotonic() - begun, line))
    return said, time.monotonic() - begun


def main():
    shell = subprocess.Popen(["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    rows, now = [], 0.4
    for command in sys.stdin.read().splitlines():
        if not command.strip():
            continue
        if command.startswith("@ "):
            run(shell, command[2:])
            continue
        if command.startswith("#"):
            rows.append((now, None, '<tspan class="c">%s</tspan>' % html.escape(command)))
            now += 0.9
            continue
        typed = len(command) * TYPING
        rows.append((now, typed, '<tspan class="p">$</tspan> %s' % html.escape(command)))
        now += typed + 0.25
        said, took = run(shell, command)
        for at, line in said:
            rows.append((now + min(at, 2), None, html.escape(line[:WIDTH])))
        now += min(took, 2)
        rows.append((now, None, '<tspan class="t">%s</tspan>' % ("%.0f ms" % (took * 1000) if took < 1 else "%.1f s" % took)))
        now += 1.1
    shell.stdin.close()
    shell.wait()
    height = TOP + LINE * len(rows) + 16
    width = LEFT * 2 + int(WIDTH * 8.43)
    print('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">' % (width, height, width, height))
    print("<title>Berth in a terminal</title>")
    print("<style>text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#d8dee9;white-space:pre;opacity:0;animation:a .01s linear forwards}"
          ".p{fill:#8fbcbb;font-weight:bold}.c{fill:#7b88a1}.t{fill:#5e6a82;font-size:11px}@keyframes a{to{opacity:1}}"
          "@media (prefers-reduced-motion:reduce){text{opacity:1;animation:none}}</style>")
    print('<rect width="100%" height="100%" rx="9" fill="#20242d"/>')
    for x, colour in ((22, "#bf616a"), (42, "#ebcb8b"), (62, "#a3be8c")):
        print('<circle cx="%d" cy="22" r="6" fill="%s"/>' % (x, colour))
    for number, (at, _, text) in enumerate(rows):
        print('<text x="%d" y="%d" xml:space="preserve" style="animation-delay:%.2fs">%s</text>' % (LEFT, TOP + LINE * number, at, text))
    print("</svg>")


if __name__ == "__main__":
    sys.stdout = open(sys.argv[1], "w")
    main()
