#pragma once

#include <array>
#include <cstdint>

namespace hotline {

/// The secret of keyed_hash(): random bytes.
using HashKey = std::array<std::uint64_t, 2>;

/// Returns the SipHash-1-3 of the eight bytes of `value`, least significant first. A sender that
/// does not know the key cannot choose values with equal hashes.
std::uint64_t keyed_hash(const HashKey& key, std::uint64_t value);

}  // namespace hotline
