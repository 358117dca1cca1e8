#include "cli/bench_result.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "cli/file_text.h"
#include "cli/ntp_text.h"
#include "cli/refusal_hint.h"
#include "cli/report.h"
#include "cli/text_layout.h"

namespace hotline::cli {
namespace {

constexpr char kNoReply[] =
    "did the service understand the message? Perhaps it wants another framing, as ?framing=lines, "
    "or does not allow this caller: its log says why";

struct Percentile {
  const char* name;
  double fraction;
};

constexpr Percentile kPercentiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}};

std::uint64_t rounded(double number) { return static_cast<std::uint64_t>(std::llround(number)); }

/// The cells of `times` in a table of latencies.
std::vector<std::string> cells_of(std::string_view name, const Histogram& times) {
  std::vector<std::string> cells{std::string(name),
                                 time_text(Duration(std::llround(times.mean())))};
  for (const Percentile& each : kPercentiles) {
    cells.push_back(time_text(Duration(times.percentile(each.fraction))));
  }
  cells.push_back(time_text(Duration(times.max())));
  return cells;
}

std::string latency_table(const BenchResult& result) {
  std::vector<std::vector<std::string>> rows{{"", "mean"}};
  for (const Percentile& each : kPercentiles) rows.front().emplace_back(each.name);
  rows.front().emplace_back("max");
  rows.push_back(cells_of("  latency", result.with_bounds()));
  const Histogram& connects = result.tally.connects;
  if (connects.total() > 0) rows.push_back(cells_of("  connecting", connects));
  return table(rows);
}

JsonLine json_of_times(const Histogram& times) {
  JsonLine object;
  for (const Percentile& each : kPercentiles) {
    object.add(each.name, times.percentile(each.fraction));
  }
  object.add("max", times.max()).add("mean", std::llround(times.mean()));
  return object;
}

std::string plural(std::uint64_t count, std::string_view one, std::string_view many) {
  return count_text(count) + ' ' + std::string(count == 1 ? one : many);
}

std::string load_text(const BenchPlan& plan) {
  const BenchOptions& options = plan.options;
  std::string text = plan.stream ? plural(options.connections, "connection", "connections")
                                 : plural(options.connections, "socket", "sockets");
  text += options.rate ? ", open loop at " + count_text(*options.rate) + "/s" : ", closed loop";
  text += ", depth " + count_text(plan.depth) + ", messages of " +
          plural(plan.messages.bytes(), "byte", "bytes");
  if (options.per_connection) text += ", " + count_text(*options.per_connection) + " a connection";
  if (options.threads > 1) text += ", " + count_text(options.threads) + " threads";
  return text;
}

std::string faults_text(const BenchTally& tally) {
  std::string text;
  for (const BenchFaultName& each : bench_fault_names()) {
    const std::uint64_t count = tally.count_of(each.fault);
    if (count == 0) continue;
    text += (text.empty() ? "" : ", ") + plural(count, each.one, each.many);
  }
  return text.empty() ? "none" : text;
}

JsonLine json_of_faults(const BenchTally& tally) {
  JsonLine object;
  object.add("total", static_cast<std::int64_t>(tally.faults_total()));
  for (const BenchFaultName& each : bench_fault_names()) {
    object.add(each.key, static_cast<std::int64_t>(tally.count_of(each.fault)));
  }
  return object;
}

}  // namespace

BenchResult BenchResult::of(const BenchPlan& plan, const std::optional<BenchTimes>& times,
                            BenchTally tally, Instant end) {
  BenchResult result{.tally = std::move(tally)};
  if (!times) return result;
  // Messages that are over before the time is have their own end.
  if (times->end.has_passed(end)) {
    end = times->end.instant();
  } else if (plan.options.messages == result.tally.latencies.total()) {
    end = result.tally.last_reply;
  }
  result.elapsed = std::max(end - times->measured_from, Duration::zero());
  return result;
}

double BenchResult::per_second(std::uint64_t count) const {
  const double seconds = std::chrono::duration<double>(elapsed).count();
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

Histogram BenchResult::with_bounds() const {
  Histogram all = tally.latencies;
  all.add(tally.bounds);
  return all;
}

std::string bench_text_of(const BenchResult& result, const BenchPlan& plan) {
  const BenchTally& tally = result.tally;
  std::vector<Definition> rows = {
      {"endpoint", plan.endpoint.to_string()},
      {"load", load_text(plan)},
      {"replies", count_text(tally.latencies.total()) + " in " + time_text(result.elapsed)},
      {"rate", count_text(rounded(result.rate())) + "/s; " +
                   size_text(rounded(result.per_second(tally.bytes_sent))) + "/s sent, " +
                   size_text(rounded(result.per_second(tally.bytes_received))) + "/s received"}};
  if (plan.options.per_connection) {
    rows.push_back({"connected", count_text(tally.connects.total()) + " times"});
  }
  if (tally.missed > 0) {
    rows.push_back(
        {"not sent", plural(tally.missed, "message that was due", "messages that were due") +
                         ": the endpoint, or this machine, was too slow"});
  }
  if (const std::uint64_t bounds = tally.bounds.total(); bounds > 0) {
    rows.push_back({"no reply", plural(bounds, "latency is that of a message",
                                       "latencies are those of messages") +
                                    " without a reply, up to the end or --timeout: a lower bound"});
  }
  rows.push_back({"errors", faults_text(tally)});
  if (result.is_interrupted) rows.push_back({"ended early", "interrupted"});
  return two_columns(rows) + '\n' + latency_table(result);
}

JsonLine bench_json_of(const BenchResult& result, const BenchPlan& plan) {
  const BenchOptions& options = plan.options;
  const BenchTally& tally = result.tally;
  const auto number = [](auto value) { return static_cast<std::int64_t>(value); };
  JsonLine line = JsonLine::versioned();
  line.add("endpoint", plan.endpoint.to_string());
  line.add("loop", options.rate ? "open" : "closed");
  if (options.rate) line.add("rate_wanted", number(*options.rate));
  line.add("connections", number(options.connections)).add("depth", number(plan.depth));
  line.add("threads", number(options.threads)).add("bytes", number(plan.messages.bytes()));
  if (options.per_connection) line.add("per_connection", number(*options.per_connection));
  line.add("replies", number(tally.latencies.total())).add("elapsed_ns", result.elapsed.count());
  line.add("rate", number(rounded(result.rate())));
  line.add("sent_bytes_per_second", number(rounded(result.per_second(tally.bytes_sent))));
  line.add("received_bytes_per_second", number(rounded(result.per_second(tally.bytes_received))));
  line.add("latency_ns", json_of_times(result.with_bounds()));
  line.add("latency_bounds", number(tally.bounds.total()));
  line.add("connections_made", number(tally.connects.total()));
  line.add("connecting_ns", json_of_times(tally.connects));
  line.add("not_sent", number(tally.missed)).add("errors", json_of_faults(tally));
  line.add_flag("interrupted", result.is_interrupted);
  return line;
}

Result<void> judge_bench(const BenchResult& result, const BenchPlan& plan) {
  const BenchTally& tally = result.tally;
  if (!tally.first_fault) return {};
  const Error& first = *tally.first_fault;
  Result<void> judged = fail(make_error(
      first.kind, {}, {}, faults_text(tally) + "; the first: " + first.message(), first.advice));
  const bool is_unanswered = tally.latencies.total() == 0 && result.has_begun();
  if (is_unanswered) judged = with_refusal_hint(std::move(judged), plan.options.endpoint);
  std::string& advice = judged.error().advice;
  if (advice.empty() && is_unanswered && first.kind == ErrorKind::closed) advice = kNoReply;
  if (advice.empty()) advice = first.hint();
  return judged;
}

ExitStatus status_of_bench(const BenchResult& result) {
  const BenchTally& tally = result.tally;
  if (!tally.first_fault) return ExitStatus::ok;
  if (tally.latencies.total() > 0) return ExitStatus::failed;
  if (tally.connects.total() == 0) return status_of_connect(*tally.first_fault);
  return tally.first_fault->kind == ErrorKind::timed_out ? ExitStatus::timed_out
                                                         : ExitStatus::failed;
}

}  // namespace hotline::cli
