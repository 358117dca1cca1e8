#pragma once

#include <exception>
#include <new>
#include <string_view>
#include <utility>

#include "server/service.h"

namespace hotline::server {

/// Counts in `tally` that a handler of the service `name` has thrown `what`, and logs `message`
/// with it if there is memory for that. `peer` may be null.
void report_throw(const ServerState& state, Tally& tally, const std::string& service,
                  std::string_view message, const Endpoint* peer, const char* what) noexcept;

/// Replaces the std::bad_alloc of a handler, because the server's own lack of memory is not a
/// failure of the handler.
struct HandlerFoundNoMemory final : std::exception {
  const char* what() const noexcept override { return "std::bad_alloc"; }
};

/// Returns the result of `call` of a handler; turns a std::bad_alloc into HandlerFoundNoMemory.
template <typename Call>
decltype(auto) as_handler(Call&& call) {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    throw HandlerFoundNoMemory();
  }
}

/// Runs `part`, which calls a handler. Returns true if it returned normally; otherwise passes the
/// text of its exception to `report`, which must not throw.
template <typename Part, typename Report>
bool comes_back(Part&& part, Report&& report) noexcept {
  try {
    part();
    return true;
  } catch (const std::exception& thrown) {
    report(thrown.what());
  } catch (...) {
    report("an exception of unknown type");
  }
  return false;
}

}  // namespace hotline::server
