#pragma once

#include <string>
#include <vector>

#include "../generator/histogram.h"
#include "callers.h"

namespace bench {

// Well-behaved callers: the measure of what the others do to them. Each sends a message, waits for
// its reply, pauses and sends the next; the last of them makes a new call for each. A message
// without an answer counts with the time for which the caller waited.
class Good final : public Callers {
 public:
  explicit Good(const CallerOptions& options);

 private:
  struct Course {
    std::uint64_t answers = 0;
    Nanoseconds asked = 0;  // 0: it pauses.
  };

  void act(Call& call) override;
  Nanoseconds tick() const override { return 5 * kMillisecond; }
  bool is_done() const override;
  void lost(Call& call) override;
  void finish() override;
  std::string extra_json() const override;

  void ask(Call& call);
  void take(Call& call);
  void record(Course& course);
  std::uint64_t least_answers() const;
  bool is_fresh(const Call& call) const { return call.index + 1 == options_.callers; }

  std::string message_;
  std::string reply_;
  std::vector<Course> courses_;
  Histogram kept_latencies_;
  Histogram fresh_latencies_;
};

}  // namespace bench
