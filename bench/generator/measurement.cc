#include "measurement.h"

#include <cinttypes>
#include <cstdio>

#include "failure.h"

namespace bench {
namespace {

Nanoseconds from_seconds(double seconds) {
  return static_cast<Nanoseconds>(seconds * static_cast<double>(kSecond));
}

double microseconds(Nanoseconds time) { return static_cast<double>(time) / 1e3; }

}  // namespace

Measurement::Measurement(const Options& options)
    : server_(options.server_pid),
      warmup_(from_seconds(options.warmup)),
      length_(from_seconds(options.seconds)) {}

void Measurement::start() {
  last_answer_ = now();
  phase_end_ = last_answer_ + warmup_;
}

bool Measurement::running(Nanoseconds now) {
  if (now < phase_end_) return true;
  if (phase_ == Phase::kOver) return false;
  if (phase_ == Phase::kWarmUp) {
    phase_ = Phase::kMeasured;
    latencies_.clear();
    lost_ = 0;
    before_ = snapshot();
    phase_end_ = before_.time + length_;
    return true;
  }
  phase_ = Phase::kOver;
  after_ = snapshot();
  resident_ = server_.resident();
  return false;
}

void Measurement::check_silence(Nanoseconds now) const {
  if (now - last_answer_ > kSilenceMax) throw Failure("short reply: nothing came for 5 s");
}

Measurement::Snapshot Measurement::snapshot() const {
  return {now(), server_.cpu_time(), read_clock(CLOCK_PROCESS_CPUTIME_ID)};
}

std::string Measurement::to_json(const char* mode) const {
  const auto messages = static_cast<double>(latencies_.total());
  if (messages == 0) throw Failure("no message was answered in the measured time");
  const double seconds = static_cast<double>(after_.time - before_.time) / 1e9;
  const double server_cpu = static_cast<double>(after_.server_cpu - before_.server_cpu);
  const double own_cpu = static_cast<double>(after_.own_cpu - before_.own_cpu);
  const auto at = [this](double fraction) { return microseconds(latencies_.percentile(fraction)); };
  char line[768];
  std::snprintf(line, sizeof line,
                "{\"mode\": \"%s\", \"messages\": %" PRIu64 ", \"lost\": %" PRIu64
                ", \"seconds\": %.6f, \"rate\": %.1f, "
                "\"latency_us\": {\"p50\": %.2f, \"p90\": %.2f, \"p99\": %.2f, \"p99.9\": %.2f, "
                "\"max\": %.2f}, \"server_cpu_ns_per_message\": %.1f, \"server_busy\": %.3f, "
                "\"generator_cpu_ns_per_message\": %.1f, \"rss\": %" PRIu64 "}",
                mode, latencies_.total(), lost_, seconds, messages / seconds, at(0.5), at(0.9),
                at(0.99), at(0.999), microseconds(latencies_.max()), server_cpu / messages,
                server_cpu / seconds / 1e9, own_cpu / messages, resident_);
  return line;
}

}  // namespace bench
