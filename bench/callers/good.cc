#include "good.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <stdexcept>
#include <string_view>

#include "../generator/failure.h"
#include "message.h"

namespace bench {
namespace {

std::string latencies_json(const char* name, const Histogram& latencies) {
  const auto ms = [](Nanoseconds time) { return static_cast<double>(time) / kMillisecond; };
  char text[160];
  std::snprintf(text, sizeof text,
                "\"%s\": {\"answers\": %" PRIu64
                ", \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}, ",
                name, latencies.total(), ms(latencies.percentile(0.5)),
                ms(latencies.percentile(0.99)), ms(latencies.max()));
  return text;
}

}  // namespace

Good::Good(const CallerOptions& options)
    : Callers(options),
      message_(message_of(options.wire, options.bytes)),
      reply_(reply_of(options.wire, options.bytes)),
      courses_(options.callers) {}

void Good::act(Call& call) {
  if (courses_[call.index].asked == 0) {
    ask(call);
  } else {
    take(call);
  }
}

void Good::ask(Call& call) {
  Course& course = courses_[call.index];
  course.asked = now();
  // The time of a new call counts for the message in it.
  if (is_fresh(call) && !open(call)) throw Failure("no answer to a call");
  call.position = 0;
  send(call, message_);
  if (call.position < message_.size()) throw Failure("no room for a message");
  call.position = 0;
}

void Good::take(Call& call) {
  Course& course = courses_[call.index];
  const std::size_t size = receive(call);
  if (received(size) != std::string_view(reply_).substr(call.position, size))
    throw std::runtime_error("a wrong reply");
  call.position += size;
  if (call.position < reply_.size()) return;
  ++course.answers;
  record(course);
}

void Good::record(Course& course) {
  if (course.asked == 0) return;
  const bool is_of_fresh = &course == &courses_.back();
  (is_of_fresh ? fresh_latencies_ : kept_latencies_).record(now() - course.asked, 1);
  course.asked = 0;
}

void Good::lost(Call& call) { record(courses_[call.index]); }

void Good::finish() {
  for (Course& course : courses_) record(course);
}

std::uint64_t Good::least_answers() const {
  std::uint64_t least = courses_.front().answers;
  for (const Course& course : courses_) least = std::min(least, course.answers);
  return least;
}

bool Good::is_done() const { return options_.answers > 0 && least_answers() >= options_.answers; }

std::string Good::extra_json() const {
  char least[64];
  std::snprintf(least, sizeof least, "\"least_answers\": %" PRIu64 ", ", least_answers());
  return latencies_json("kept", kept_latencies_) + latencies_json("fresh", fresh_latencies_) +
         least;
}

}  // namespace bench
