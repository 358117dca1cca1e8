#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "hotline/auth/key_record.h"
#include "hotline/core/result.h"

namespace hotline::auth {

/// Returns the position of the one key in `records` that `wanted` selects. Fails with `not_found`
/// if there is none, and with `invalid_argument` if there are several, which the error lists.
Result<std::size_t> choose_key(std::span<const KeyRecord> records, const KeySelector& wanted);

/// Returns the first digits of the server ids of the keys that `wanted` selects, as many as
/// distinguish them, and at least 8.
std::vector<std::string> server_ids_of(std::span<const KeyRecord> records,
                                       const KeySelector& wanted);

}  // namespace hotline::auth
