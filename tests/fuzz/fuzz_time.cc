#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "hotline/core/utf8.h"
#include "services/time_wire.h"
#include "services/zone_file.h"

// The first byte chooses what the others are: a request, a zone file, or a rule. Every request has
// a reply within its bounds, and every zone has a time at every moment.

namespace {

using namespace hotline;
using namespace hotline::services;
using std::chrono::system_clock;

constexpr std::int64_t kFirst = -9'223'372'036;  // What system_clock can express, in seconds.
constexpr std::int64_t kLast = 9'223'372'036;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_request(std::string_view request) {
  static const TimeZone kZone = TimeZone::find("CET-1CEST,M3.5.0,M10.5.0/3").value();
  static const TimeLocale kLocale;
  for (const auto now : {system_clock::time_point(), system_clock::time_point::min(),
                         system_clock::time_point::max()}) {
    const TimeReply reply = answer_time(request, kZone, kLocale, now);
    require(reply.text.size() <= kTimeReplyMax);
    require(is_utf8(as_bytes(reply.text)));
    if (reply.is_error) {
      require(reply.text.starts_with(kTimeErrorPrefix));
      require(may_be_time_reply(reply.text));
    }
    // A text without a conversion is its own reply, or too long.
    if (may_be_time_reply(request) && !reply.is_error) require(reply.text == request);
  }
}

void check_type(const LocalTimeType& type) {
  require(!type.abbreviation.empty());
  constexpr std::int32_t kOffsetMax = 26 * 60 * 60;
  require(type.offset_s >= -kOffsetMax && type.offset_s <= kOffsetMax);
}

void check_zone_file(Bytes file) {
  const auto table = decode_zone_file(file);
  if (!table) return;
  for (const std::int64_t time : {std::int64_t{0}, kFirst, kLast}) check_type(table->at(time));
  for (const std::int64_t change : table->changes) {
    if (change <= kFirst || change > kLast) continue;
    check_type(table->at(change));
    check_type(table->at(change - 1));
  }
}

void check_rule(std::string_view text) {
  const auto rule = ZoneRule::parse(text);
  if (!rule) return;
  constexpr std::int64_t kStep = (kLast - kFirst) / 100;
  for (std::int64_t time = kFirst; time <= kLast; time += kStep) check_type(rule->at(time));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes input = std::as_bytes(std::span(data, size)).subspan(1);
  switch (data[0] % 3) {
    case 0: check_request(as_text(input)); break;
    case 1: check_zone_file(input); break;
    default: check_rule(as_text(input)); break;
  }
  return 0;
}
