"""Medians of what `run` measured, and their tables."""

import statistics


def floor_of(server, scenario):
    """The name of the floor that a server is compared with."""
    kinds = {"udp": "udp", "ntp": "ntp", "psk": "tls", "certificates": "tls"}
    return "floor-" + kinds.get(scenario.transport, server.kind)


def ratios(mine, floor):
    """The ratio of CPU time for each message, for each round that both finished."""
    key = "server_cpu_ns_per_message"
    return [a[key] / b[key] for a, b in zip(mine, floor) if a and b]


def summarise_load(runs, floor):
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
    if found := ratios(runs, floor):
        row["ratio"] = [statistics.median(found), min(found), max(found)]
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
    print_table(scenario.name, head, rows)


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
        row = summarise_load(runs, floor) if scenario.timed else summarise_idle(runs)
        if row:
            summary[server.name] = row
    return summary


def print_scenario(scenario, summary):
    if summary:
        (print_load if scenario.timed else print_idle)(scenario, summary)
