#pragma once

#include <cstddef>

#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// Raises the soft limit on descriptors of this process to its hard limit, for a program that holds
/// many connections. Returns the new limit. A Server does so itself. Programs that are started
/// later inherit it.
std::size_t raise_descriptor_limit();

}  // namespace hotline
