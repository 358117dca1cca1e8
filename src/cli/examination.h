#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hotline::cli {

/// What an examination came to.
enum class Verdict : std::uint8_t {
  ok,
  note,  ///< It works, and might work better.
  fail,
};

/// The verdict's name: `note`.
std::string_view name_of(Verdict verdict);

/// One thing that `hotline doctor` looked at.
struct Finding {
  std::string name;
  std::string value;
  Verdict verdict = Verdict::ok;
  std::string advice;  ///< What to do about it, if it is not `ok`.
};

/// Everything that servers need here: the engine, the limits, and a call over the loopback.
std::vector<Finding> examine();

}  // namespace hotline::cli
