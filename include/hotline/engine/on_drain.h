#pragma once

namespace hotline {

/// Whether a drain ends a wait. A wait for something new (the next request, the next minute of a
/// task) ends with a drain; a wait for something that is under way goes on.
enum class OnDrain : bool {
  goes_on,  ///< The wait goes on; a cancel and a deadline still end it.
  ends,     ///< The wait fails with `draining`.
};

}  // namespace hotline
