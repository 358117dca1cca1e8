#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/net/endpoint.h"

namespace hotline HOTLINE_PUBLIC {

/// Takes the options of an endpoint one room at a time. Each room takes the keys that it knows;
/// finish() fails with an error that names all that are left.
class OptionTaker {
 public:
  /// `endpoint` outlives this.
  explicit OptionTaker(const Endpoint& endpoint);

  /// Returns the value of `key`, if it was given. Fails if it was given twice. `key` is known from
  /// now on.
  Result<std::optional<std::string>> take(std::string_view key);

  /// Same as take(), for a number within bounds; `KiB`, `MiB` and `GiB` may follow it.
  Result<std::optional<std::size_t>> take_number(std::string_view key, std::size_t min,
                                                 std::size_t max);

  /// Same as take(), for a time limit above zero, such as `30s`, or `none`.
  Result<std::optional<Duration>> take_duration(std::string_view key);

  /// Same as take(), for `on` or `off`.
  Result<std::optional<bool>> take_flag(std::string_view key);

  /// Fails if no room has taken one of the options.
  Result<void> finish() const;

  /// Returns an `invalid_argument` about this endpoint.
  Error refuse(std::string detail, std::string advice) const;

 private:
  const Endpoint& endpoint_;
  std::vector<bool> is_taken_;
  std::vector<std::string> known_;
};

}  // namespace hotline
