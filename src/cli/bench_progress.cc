#include "cli/bench_progress.h"

#include "cli/file_text.h"
#include "cli/ntp_text.h"

namespace hotline::cli {

std::string progress_line(const BenchSecond& second, Duration elapsed, Duration warm_up) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(elapsed).count();
  const std::string time = std::to_string(seconds) + "s";
  if (elapsed <= warm_up) return time + "  warm-up";
  const Histogram& latencies = second.latencies;
  std::string line = time + "  " + count_text(latencies.total()) + "/s  " +
                     size_text(second.bytes) + "/s  p50 " +
                     time_text(Duration(latencies.percentile(0.5))) + "  p99 " +
                     time_text(Duration(latencies.percentile(0.99))) + "  max " +
                     time_text(Duration(latencies.max()));
  if (second.faults > 0) line += "  errors " + count_text(second.faults);
  return line;
}

}  // namespace hotline::cli
