#include "simulation/scripted_commands.h"

#include <iterator>

namespace simulation {
namespace {

using hotline::OutputStream;
using hotline::test::Script;

constexpr std::size_t kSizes[] = {0, 1, 9, 10, 99, 1000, 3000, 10'000};

std::string text_of(std::size_t size, std::uint64_t lot) {
  std::string text;
  while (text.size() < size) {
    lot = lot * 6364136223846793005U + 1442695040888963407U;
    // Mostly digits, because lengths consist of digits.
    text += static_cast<char>('0' + (lot >> 33) % 10);
  }
  return text;
}

}  // namespace

std::string said_on(const Script& script, OutputStream output) {
  std::string all;
  for (const Script::Step& step : script.steps) {
    if (step.output == output) all += step.bytes;
  }
  return all;
}

Script script_of(const std::string& line, std::uint64_t seed) {
  std::uint64_t lot = seed * 7919 + 104729;
  for (const char each : line) lot = lot * 31 + static_cast<unsigned char>(each);
  Script script;
  for (std::size_t i = 0; i < 1 + lot % 3; ++i) {
    lot = lot * 6364136223846793005U + 1442695040888963407U;
    const bool is_error = lot >> 40 & 1;
    script.steps.push_back(
        {.pause = std::chrono::milliseconds((lot >> 20) % 1500),
         .output = is_error ? OutputStream::standard_error : OutputStream::standard_output,
         .bytes = text_of(kSizes[(lot >> 45) % std::size(kSizes)], lot)});
  }
  script.end.exit_status = static_cast<int>(lot >> 50 & 3);
  if (lot % 11 == 3)
    script.refusal = {hotline::ErrorKind::resource_exhausted, 0, "run", {}, {}, {}};
  if (lot % 13 == 5) script.loss = {hotline::ErrorKind::reset, 0, "run", {}, {}, {}};
  return script;
}

std::string reply_to(const std::string& line, std::uint64_t seed) {
  const Script script = script_of(line, seed);
  const std::string output = said_on(script, OutputStream::standard_output);
  const std::string error = said_on(script, OutputStream::standard_error);
  const bool is_answered =
      !script.refusal && !script.loss && output.size() + error.size() <= kReplyMax;
  if (!is_answered) return {};
  if (!error.empty()) return error;
  return output.empty() ? "操作成功" : output;
}

}  // namespace simulation
