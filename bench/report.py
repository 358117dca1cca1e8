"""Medians of what `run` measured, and their tables."""

import statistics


# The server with threads that those of ours are compared with, besides their floor.
THREADS_PEER = "python"


def floor_of(server, scenario):
    """The name of the floor that a server is compared with."""
    if server.kind == "threads":
        return "floor-threads"
    kinds = {"udp": "udp", "ntp": "ntp", "psk": "tls", "certificates": "tls"}
    return "floor-" + kinds.get(scenario.transport, server.kind)


def ratios(mine, other, key):
    """The ratio of that figure, for each round that both finished: median, least and greatest."""
    found = [a[key] / b[key] for a, b in zip(mine, other) if a and b]
    return [statistics.median(found), min(found), max(found)] if found else None


def summarise_load(runs, floor, peer):
    good = [run for run in runs if run]
    if not good:
        return None
    median = lambda value: statistics.median(map(value, good))
    row = {
        "rate": median(lambda run: run["rate"]),
        "p50_us": median(lambda run: run["latency_us"]["p50"]),
        "p99_us": median(lambda run: run["latency_us"]["p99"]),
        "cpu_ns": median(lambda run: run["server_cpu_ns_per_message"]),
        "lost": sum(run["lost"] for run in good),
    }
    if found := ratios(runs, floor, "server_cpu_ns_per_message"):
        row["ratio"] = found
    if found := ratios(runs, peer, "rate"):
        row["rate_ratio"] = found
    return row


def summarise_idle(runs):
    good = [run for run in runs if run]
    keys = ("rss_per_connection_silent", "rss_per_connection_spoken", "rss_before")
    return {key: statistics.median(run[key] for run in good) for key in keys} if good else None


def print_table(title, head, rows):
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    print(f"\n{title}")
    for row in [head, *rows]:
        cells = [row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]
        print("  ".join(cells).rstrip())


def ratio_text(ratio):
    return "{:.2f} ({:.2f}-{:.2f})".format(*ratio) if ratio else "-"


def print_load(scenario, summary):
    head = ["server", "messages/s", "p50 us", "p99 us", "CPU ns/message", "x floor", "lost"]
    rows = [[name, f"{row['rate']:,.0f}", f"{row['p50_us']:,.1f}", f"{row['p99_us']:,.1f}",
             f"{row['cpu_ns']:,.0f}", ratio_text(row.get("ratio")), str(row["lost"])]
            for name, row in summary.items()]
    if any("rate_ratio" in row for row in summary.values()):
        head.append(f"rate x {THREADS_PEER}")
        for cells, row in zip(rows, summary.values()):
            cells.append(ratio_text(row.get("rate_ratio")))
    print_table(scenario.name, head, rows)


def ranked(summary, key, direction):
    """The names of the servers, floors left out, by that figure: upwards for a direction of 1."""
    names = [name for name in summary if not name.startswith("floor-")]
    return sorted(names, key=lambda name: direction * summary[name][key])


def lead_text(summary, key, direction):
    """Who is ahead, and the next one as a ratio to that."""
    first, second = ranked(summary, key, direction)[:2]
    ratio = summary[second][key] / summary[first][key]
    return [first, f"{summary[first][key]:,.0f}", f"{second} ({ratio:.2f})"]


def print_leaders(scenarios, summaries):
    """A line for each scenario under load that more than one server had."""
    rows = []
    for scenario in scenarios:
        summary = summaries[scenario.name]
        if scenario.timed and len(ranked(summary, "rate", -1)) > 1:
            rows.append([scenario.name, *lead_text(summary, "rate", -1),
                         *lead_text(summary, "cpu_ns", 1)])
    if rows:
        print_table("who is ahead, and the next one as a ratio to that",
                    ["scenario", "", "messages/s", "", "", "CPU ns/message", ""], rows)


def print_idle(scenario, summary):
    head = ["server", "RSS B/connection, never spoke", "after one message", "RSS before KiB"]
    rows = [[name, f"{row['rss_per_connection_silent']:,.0f}",
             f"{row['rss_per_connection_spoken']:,.0f}", f"{row['rss_before'] / 1024:,.0f}"]
            for name, row in summary.items()]
    print_table(scenario.name, head, rows)


def summarise(scenario, servers, results):
    summary = {}
    for server in servers:
        runs = results.get(server.name)
        if not runs:
            continue
        floor = results.get(floor_of(server, scenario), [])
        peer = results.get(THREADS_PEER, []) if server.kind == "threads" else []
        row = summarise_load(runs, floor, peer) if scenario.timed else summarise_idle(runs)
        if row:
            summary[server.name] = row
    return summary


def print_scenario(scenario, summary):
    if summary:
        (print_load if scenario.timed else print_idle)(scenario, summary)
