#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hotline::cli {

/// The result of a check.
enum class Verdict : std::uint8_t {
  ok,
  note,  ///< It works, but could work better.
  fail,
};

/// Returns the name of the verdict: `note`.
std::string_view name_of(Verdict verdict);

/// One thing that `hotline doctor` checked.
struct Finding {
  std::string name;
  std::string value;
  Verdict verdict = Verdict::ok;
  std::string advice;  ///< What to do about it, if it is not `ok`.
};

/// Checks everything that servers need here: the engine, the limits, and a call over the loopback.
std::vector<Finding> examine();

}  // namespace hotline::cli
