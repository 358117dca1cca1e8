#include "cli/ntp_text.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <vector>

#include "cli/text_layout.h"
#include "hotline/core/log_entry.h"

namespace hotline::cli {
namespace {

using WallTime = std::chrono::system_clock::time_point;

std::string time_of_day(WallTime time) { return LogEntry::of({}, time).time_as_text(); }

std::string with_unit(Duration time, const char* format) {
  struct Unit {
    const char* name;
    double nanoseconds;
  };
  constexpr Unit kUnits[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
  const auto value = static_cast<double>(time.count());
  const Unit* unit = kUnits;
  while (unit != std::end(kUnits) - 1 && std::abs(value) >= unit[1].nanoseconds) ++unit;
  const double shown = value / unit->nanoseconds;
  const int digits = unit == kUnits           ? 0
                     : std::abs(shown) >= 100 ? 1
                     : std::abs(shown) >= 10  ? 2
                                              : 3;
  char text[64];
  std::snprintf(text, sizeof(text), format, digits, shown, unit->name);
  return text;
}

std::string_view leap_sentence(NtpLeap leap) {
  switch (leap) {
    case NtpLeap::none: return "none announced";
    case NtpLeap::insert: return "a second is inserted at the end of the day";
    case NtpLeap::remove: return "a second is left out at the end of the day";
    case NtpLeap::unsynchronised: return "not synchronised";
  }
  return "unknown";
}

std::string direction_of(Duration offset) {
  if (offset == Duration::zero()) return "both clocks agree";
  return offset > Duration::zero() ? "this machine's clock is slow"
                                   : "this machine's clock is fast";
}

std::string samples_text(const NtpReport& report) {
  const NtpCounts& counts = report.counts;
  std::string text =
      std::to_string(report.samples.size()) + " used, " + std::to_string(counts.sent) + " requests";
  const auto add = [&](std::uint64_t count, std::string_view what) {
    if (count > 0) text.append(", ").append(std::to_string(count)).append(what);
  };
  add(counts.lost, " lost");
  add(counts.foreign, " foreign");
  add(counts.malformed, " malformed");
  add(counts.unverified, " without a right MAC");
  add(counts.refusals, " refused");
  add(counts.unusable, " unusable");
  add(counts.clock_sets, " times the clock was set");
  return text;
}

std::string mode_text(const NtpSample& sample) {
  return std::string(name_of(sample.mode)) +
         (sample.is_authenticated ? ", authenticated" : ", not authenticated");
}

JsonLine& add_time(JsonLine& line, std::string_view key, Duration time) {
  return line.add(std::string(key) + "_ns", time.count());
}

JsonLine counts_of(const NtpCounts& counts) {
  const auto number = [](std::uint64_t count) { return static_cast<std::int64_t>(count); };
  JsonLine line;
  line.add("sent", number(counts.sent)).add("samples", number(counts.samples));
  line.add("lost", number(counts.lost)).add("foreign", number(counts.foreign));
  line.add("malformed", number(counts.malformed)).add("unverified", number(counts.unverified));
  line.add("refusals", number(counts.refusals)).add("unusable", number(counts.unusable));
  line.add("clock_sets", number(counts.clock_sets));
  return line;
}

JsonLine reason_of(const Error& error) {
  JsonLine line;
  line.add("kind", name_of(error.kind)).add("message", error.message());
  line.add_unless_empty("hint", error.hint());
  return line;
}

JsonLine state_of(const NtpServerState& server) {
  JsonLine line;
  line.add("stratum", server.stratum).add("leap", name_of(server.leap));
  line.add("version", server.version).add("precision", server.precision);
  add_time(line, "root_delay", server.root_delay);
  add_time(line, "root_dispersion", server.root_dispersion);
  line.add("reference_id", server.reference_text());
  if (server.reference_time) line.add("reference_time", time_of_day(*server.reference_time));
  return line;
}

}  // namespace

std::string time_text(Duration time) { return with_unit(time, "%.*f %s"); }

std::string signed_time_text(Duration time) { return with_unit(time, "%+.*f %s"); }

std::string ntp_text_of(const NtpReport& report, const std::string& server) {
  const NtpSample& best = report.best;
  const NtpServerState& state = best.server;
  std::string reference = state.reference_text();
  if (state.reference_time) reference += ", set at " + time_of_day(*state.reference_time);
  std::vector<Definition> rows = {
      {"server", server},
      {"offset", signed_time_text(best.offset) + ": " + direction_of(best.offset)},
      {"error", "at most " + time_text(best.error_max()) + " against the server, " +
                    time_text(report.root_distance()) + " against the reference clock"},
      {"delay", time_text(best.delay)},
      {"jitter", time_text(report.jitter)},
      {"stratum", std::to_string(state.stratum)},
      {"leap second", std::string(leap_sentence(state.leap))},
      {"reference", reference},
      {"root delay", time_text(state.root_delay)},
      {"root dispersion", time_text(state.root_dispersion)},
      {"mode", mode_text(best)},
      {"samples", samples_text(report)}};
  if (report.ended_early) rows.push_back({"ended early", report.ended_early->message_with_hint()});
  return two_columns(rows);
}

JsonLine ntp_json_of(const NtpReport& report, const std::string& server) {
  JsonLine line = JsonLine::versioned();
  line.add("server", server);
  add_time(line, "offset", report.best.offset);
  add_time(line, "error_max", report.best.error_max());
  add_time(line, "root_distance", report.root_distance());
  add_time(line, "delay", report.best.delay);
  add_time(line, "dispersion", report.best.dispersion);
  add_time(line, "jitter", report.jitter);
  line.add("mode", name_of(report.best.mode));
  line.add("authentication", report.best.is_authenticated ? "key" : "none");
  line.add("state", state_of(report.best.server));
  std::vector<JsonLine> samples;
  for (const NtpSample& each : report.samples) samples.push_back(ntp_json_of(each));
  line.add("samples", samples).add("counts", counts_of(report.counts));
  if (report.ended_early) line.add("ended_early", reason_of(*report.ended_early));
  return line;
}

std::string ntp_text_of(const NtpSample& sample) {
  return time_of_day(sample.taken_at.wall) + "  offset " + signed_time_text(sample.offset) +
         "  delay " + time_text(sample.delay) + "  error " + time_text(sample.error_max()) +
         "  stratum " + std::to_string(sample.server.stratum) + "  " +
         std::string(name_of(sample.mode));
}

JsonLine ntp_json_of(const NtpSample& sample) {
  JsonLine line;
  line.add("time", time_of_day(sample.taken_at.wall));
  add_time(line, "offset", sample.offset);
  add_time(line, "delay", sample.delay);
  add_time(line, "dispersion", sample.dispersion);
  add_time(line, "error_max", sample.error_max());
  line.add("stratum", sample.server.stratum).add("mode", name_of(sample.mode));
  return line;
}

}  // namespace hotline::cli
