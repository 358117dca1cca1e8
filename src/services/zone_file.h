#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "hotline/core/bytes.h"
#include "hotline/core/result.h"
#include "services/zone_rule.h"

namespace hotline::services {

/// The longest zone file that is read.
inline constexpr std::size_t kZoneFileBytesMax = 256 * 1024;

/// The changes of the clocks of one zone. A value.
struct ZoneTable {
  /// Returns the type at `time`, in seconds since 1970. See ZoneRule::at().
  const LocalTimeType& at(std::int64_t time) const;

  std::vector<LocalTimeType> types;         ///< The first one applies before all changes.
  std::vector<std::int64_t> changes{};      ///< In seconds since 1970, ascending.
  std::vector<std::uint8_t> types_after{};  ///< The index of the type from each change on.
  std::optional<ZoneRule> rule{};           ///< Applies after the last change.
};

/// Decodes a zone file: RFC 8536, versions 1 to 4. Fails with `invalid_argument` if the bytes are
/// not one, and if the file counts leap seconds, because the system's clock does not.
Result<ZoneTable> decode_zone_file(Bytes file);

}  // namespace hotline::services
