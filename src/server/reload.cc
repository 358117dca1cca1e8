#include "server/reload.h"

#include <cerrno>
#include <mutex>
#include <string>
#include <utility>

#include "server/challenged_calls.h"
#include "server/missing_keys.h"

namespace hotline::server {
namespace {

/// Adds what `read` was to `all`.
Result<void> add(std::vector<Reloaded>& all, Result<Reloaded> read) {
  if (!read) return fail(std::move(read.error()));
  if (*read) all.push_back(std::move(*read));
  return {};
}

Result<void> read_service(const Service& service, std::vector<Reloaded>& all) {
  if (auto added = add(all, read_challenge_again(service)); !added) return added;
  if (const ReadAgain& read_again = service.handler.read_again()) {
    if (auto added = add(all, read_again()); !added) return added;
  }
  // The listeners of the other loops share the settings of the first.
  if (service.listeners.empty()) return {};
  return add(all, service.listeners.front().read_again());
}

/// Reads everything and puts nothing to use.
Result<std::vector<Reloaded>> read_all(const ServerOptions& options,
                                       const std::vector<Service>& services) {
  std::vector<Reloaded> all;
  for (const Service& service : services) {
    if (auto read = read_service(service, all); !read) return fail(std::move(read.error()));
  }
  if (!options.on_reload) return all;
  if (auto added = add(all, options.on_reload()); !added) return fail(std::move(added.error()));
  return all;
}

/// Says what a confined program cannot do.
Error explained(Error error, const Confinement& walls) {
  if (error.native_code != EACCES || walls.landlock == 0) return error;
  error.advice =
      "a confined server may read only what it used at the start: restart it, or use "
      "--confine off";
  return error;
}

}  // namespace

Result<void> reload(ServerState& state, const std::vector<Service>& services) {
  const std::lock_guard lock(state.reloading);
  const auto read = read_all(state.options, services);
  if (!read) {
    Error error = explained(read.error(), state.walls);
    state.log(LogLevel::error, "cannot reload: the old keys, certificates and secrets stay in use",
              {}, nullptr, error.message_with_hint());
    return fail(std::move(error));
  }
  for (const Reloaded& each : *read) each();
  state.log(LogLevel::info, "reloaded: keys, certificates and secrets", {}, nullptr);
  warn_of_missing_keys(state, services);
  return {};
}

}  // namespace hotline::server
