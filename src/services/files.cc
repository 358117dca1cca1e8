#include "hotline/services/files.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "hotline/engine/loop.h"
#include "hotline/engine/task_group.h"
#include "hotline/server/call_refused.h"
#include "services/file_service.h"
#include "services/file_session.h"

namespace hotline {
namespace {

using services::FileService;
using services::FileSession;

// The most that an option can ask for.
constexpr std::size_t kRequestsMax = 4'096;
constexpr std::size_t kPerUserMax = 65'536;
constexpr std::size_t kUploadsMax = 1'000'000;

/// Sets `value` if the option was given.
Result<void> take_limit(OptionTaker& taker, std::string_view key, std::size_t max,
                        std::size_t& value) {
  const auto given = taker.take_number(key, 1, max, Side::server);
  if (!given) return fail(given.error());
  value = given->value_or(value);
  return {};
}

Result<void> take_time(OptionTaker& taker, std::string_view key, Duration& value) {
  const auto given = taker.take_duration(key, Side::server);
  if (!given) return fail(given.error());
  value = given->value_or(value);
  return {};
}

Result<void> take_durability(OptionTaker& taker, FilesOptions& options) {
  std::string name = "full";
  if (options.durability == FilesOptions::Durability::none) name = "none";
  if (auto taken = taker.take_text("durability", name, Side::server); !taken) return taken;
  options.durability =
      name == "none" ? FilesOptions::Durability::none : FilesOptions::Durability::full;
  if (name == "none" || name == "full") return {};
  return fail(taker.refuse("the option 'durability' is neither full nor none",
                           "with full, what was stored survives a power cut"));
}

Result<void> check_root(const OptionTaker& taker, const FilesOptions& options) {
  if (options.root.starts_with('/')) return {};
  return fail(taker.refuse(options.root.empty() ? "the option 'root' is missing"
                                                : "the option 'root' does not begin with /",
                           "write root=/srv/hotline: the directory of the homes"));
}

/// Takes what limits the callers.
Result<void> take_limits(OptionTaker& taker, FilesOptions& options) {
  auto taken =
      take_limit(taker, "connections-per-user", kPerUserMax, options.connections_per_user_max);
  if (taken) taken = take_limit(taker, "requests", kRequestsMax, options.requests_max);
  if (taken) taken = take_limit(taker, "transfers", kRequestsMax, options.transfers_max);
  if (taken) taken = take_limit(taker, "uploads", kUploadsMax, options.uploads_max);
  if (taken) taken = take_time(taker, "keep", options.uploads_term);
  if (taken) taken = take_time(taker, "stall", options.stall_timeout);
  return taken;
}

void serve_files(FileService& service, Stream& stream, const CallInfo& info) {
  if (Loop::current()) return FileSession(service, info).serve(stream);
  TaskGroup own_loop;
  const auto spawned = own_loop.spawn("files", [&] { FileSession(service, info).serve(stream); });
  if (!spawned) throw CallRefused(spawned.error());
  discard(own_loop.join());
}

}  // namespace

Result<FilesOptions> FilesOptions::take_from(OptionTaker& taker, FilesOptions options) {
  auto taken = taker.take_text("root", options.root, Side::server);
  if (taken) taken = check_root(taker, options);
  if (taken) taken = taker.take_text("user", options.user, Side::server);
  if (taken) taken = take_durability(taker, options);
  if (taken) taken = take_limits(taker, options);
  if (!taken) return fail(std::move(taken.error()));
  return options;
}

Result<Handler> files_handler(const FilesOptions& options) {
  auto opened = FileService::open(options);
  if (!opened) return fail(std::move(opened.error()));
  const std::shared_ptr<FileService> service = *std::move(opened);
  Handler handler(
      [service](Stream& stream, const CallInfo& info) { serve_files(*service, stream, info); });
  if (!options.is_exposed) handler.only_local();
  handler.stays_within({{options.root, PathUse::keep}});
  handler.beside([service] { service->maintain(); });
  handler.reload(
      [service]() -> Result<Reloaded> { return Reloaded([service] { service->reload_later(); }); });
  return handler;
}

HandlerMaker files_maker(const FilesOptions& defaults) {
  return [defaults](OptionTaker& taker) -> Result<Handler> {
    auto options = FilesOptions::take_from(taker, defaults);
    if (!options) return fail(std::move(options.error()));
    auto handler = files_handler(*options);
    if (!handler) return fail(taker.refuse(handler.error().message(), handler.error().hint()));
    return handler;
  };
}

}  // namespace hotline
