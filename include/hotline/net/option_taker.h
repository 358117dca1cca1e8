#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/net/endpoint.h"

namespace hotline HOTLINE_PUBLIC {

/// Which end of a connection an endpoint is for.
enum class Side : std::uint8_t {
  server,  ///< It is listened at.
  client,  ///< It is called.
};

/// Takes the options of an endpoint one room at a time. Each room takes the keys that it knows;
/// finish() fails with an error that names one that is left, and the keys that are known.
///
/// Some options are for one side only. `only` is that side: if this endpoint is for the other side,
/// the option is refused if it was given, and is absent otherwise.
class OptionTaker {
 public:
  /// `endpoint` outlives this. Without a `side`, the options of both sides are taken.
  explicit OptionTaker(const Endpoint& endpoint, std::optional<Side> side = {});

  /// Returns the value of `key`, or nullopt if it was not given. Fails if it was given twice. From
  /// now on the errors of finish() list `key` among the known ones.
  Result<std::optional<std::string>> take(std::string_view key, std::optional<Side> only = {});

  /// Replaces `text` by the value of `key` if that was given. Fails if it is empty, because an
  /// unset variable of a shell is a mistake, and otherwise as take().
  Result<void> take_text(std::string_view key, std::string& text, std::optional<Side> only = {});

  /// Same as take(), for a number within bounds; `KiB`, `MiB` and `GiB` may follow it.
  Result<std::optional<std::size_t>> take_number(std::string_view key, std::size_t min,
                                                 std::size_t max, std::optional<Side> only = {});

  /// Same as take(), for a time limit above zero, such as `30s`, or `none`.
  Result<std::optional<Duration>> take_duration(std::string_view key,
                                                std::optional<Side> only = {});

  /// Same as take(), for `on` or `off`.
  Result<std::optional<bool>> take_flag(std::string_view key, std::optional<Side> only = {});

  /// Fails if `key` was given, only the side `only` has it, and this endpoint is for the other
  /// side.
  Result<void> check_side(std::string_view key, Side only) const;

  /// Fails if no room has taken one of the options. The hint proposes the nearest known key.
  Result<void> finish() const;

  /// Returns the endpoint whose options it takes.
  const Endpoint& endpoint() const { return endpoint_; }

  /// Returns an `invalid_argument` about this endpoint.
  Error refuse(std::string detail, std::string advice) const;

 private:
  const Endpoint& endpoint_;
  std::optional<Side> side_;
  std::vector<bool> is_taken_;
  std::vector<std::string> known_;
};

}  // namespace hotline
