#pragma once

#include <functional>

#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// What was read again and is not in use yet: a call puts it to use, and cannot fail. Without the
/// call everything stays as it was. A thing that consists of several files is reloaded all or
/// nothing by reading all of them before the first call.
using Reloaded = std::function<void()>;

}  // namespace hotline
