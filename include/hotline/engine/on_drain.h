#pragma once

#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// Whether a drain ends a wait. A drain should end a wait for something new (the next request, the
/// next minute of a task), but not a wait for something that is in progress.
enum class OnDrain : bool {
  goes_on,  ///< The wait goes on; a cancel and a deadline still end it.
  ends,     ///< The wait fails with `draining`.
};

}  // namespace hotline
