#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "hotline/services/upload_entry.h"

namespace hotline::services {

/// Returns the first 16 bytes of the SHA-256 of what makes a transfer the same one: its texts, each
/// after its length, and its numbers.
UploadKey transfer_key(std::span<const std::string_view> texts,
                       std::span<const std::uint64_t> numbers);

}  // namespace hotline::services
