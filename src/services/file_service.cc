#include "services/file_service.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "hotline/engine/clock.h"
#include "hotline/engine/random.h"
#include "services/content_digest.h"
#include "services/file_server_id.h"

namespace hotline::services {
namespace {

constexpr Duration kMaintenancePause = std::chrono::seconds(5);

FileHome::Options home_options(const FilesOptions& options) {
  FileHome::Options home;
  home.report = options.report;
  home.durability = options.durability == FilesOptions::Durability::full ? FileDurability::full
                                                                         : FileDurability::none;
  home.uploads.uploads_max = options.uploads_max;
  home.uploads.upload_term = options.uploads_term;
  return home;
}

/// Fails if every caller is to have the home of a user who is none. One who is disabled may come
/// back.
Result<void> check_user(const FilesOptions& options, const FileStore& store,
                        const std::vector<Error>& faults) {
  if (options.user.empty() || store.has_user(options.user)) return {};
  // The file of the user may be there, and wrong.
  const auto own =
      std::ranges::find_if(faults, [&](const Error& each) { return is_about(each, options.user); });
  if (own != faults.end()) return fail(*own);
  return fail(make_error(ErrorKind::not_found, "find the user", options.user,
                         "there is no such user in " + options.root,
                         "'hotline files user add NAME --root " + options.root + "' makes one"));
}

}  // namespace

Result<std::shared_ptr<FileService>> FileService::open(const FilesOptions& options) {
  // Now OpenSSL reads its configuration: once the program is confined, it cannot.
  static_cast<void>(ContentDigest::is_available(FileDigestKind::sha256));
  const auto id = read_server_id(options.root);
  if (!id) return fail(id.error());
  FileHome::Options home = home_options(options);
  id->has_value() ? void(home.server = **id) : random_bytes(home.server);
  std::vector<Error> faults;
  auto store = FileStore::open(options.root, home, faults);
  if (!store) return fail(std::move(store.error()));
  if (auto known = check_user(options, **store, faults); !known) {
    return fail(std::move(known.error()));
  }
  if (!*id) {
    // Not before the store has found that this is a root.
    if (auto written = write_server_id(options.root, home.server); !written) {
      return fail(std::move(written.error()));
    }
  }
  auto service = std::make_shared<FileService>(options, *std::move(store));
  service->report(faults);
  return service;
}

FileService::FileService(const FilesOptions& options, std::unique_ptr<FileStore> store)
    : options_(options),
      store_(std::move(store)),
      counters_(options.counters ? options.counters : std::make_shared<FilesCounters>()),
      places_(std::numeric_limits<std::size_t>::max(), options.connections_per_user_max) {}

FileOutcome<void> FileService::admit(const Identity* identity, Connection& connection) {
  auto home = home_of(identity);
  if (!home) return std::unexpected(std::move(home.error()));
  // It is counted at once: until then its user can store nothing.
  if ((*home)->is_doubtful()) has_changed_.set();
  connection.user = (*home)->user().name;
  auto place = places_.take(connection.user);
  if (!place) return refuse(FileErrorCode::busy, "this user has too many connections");
  connection.place.emplace(*std::move(place));
  connection.home = *std::move(home);
  return {};
}

FileOutcome<std::shared_ptr<FileHome>> FileService::home_of(const Identity* identity) {
  if (!options_.user.empty()) return store_->home(options_.user);
  if (identity != nullptr && identity->kind == Identity::Kind::user && identity->credentials) {
    return store_->home_of_uid(identity->credentials->uid);
  }
  // A secret that many share says of none who it is.
  const bool has_name = identity != nullptr && identity->kind != Identity::Kind::secret;
  return store_->home(has_name ? identity->proven_name() : std::string_view());
}

void FileService::reload_later() {
  wants_reload_ = true;
  has_changed_.set();
}

void FileService::maintain() {
  for (;;) {
    const auto waited = has_changed_.wait(deadline_after(kMaintenancePause), OnDrain::ends);
    if (wants_reload_.exchange(false)) report(store_->reload());
    if (!waited && waited.error().kind != ErrorKind::timed_out) break;
    if (auto maintained = store_->maintain(); !maintained) report({maintained.error()});
  }
  while (connections_ > 0) {
    if (!has_changed_.wait()) return;
  }
  if (auto closed = store_->close(); !closed) report({closed.error()});
}

void FileService::report(const std::vector<Error>& faults) const {
  if (!options_.report) return;
  for (const Error& each : faults) options_.report(each);
}

}  // namespace hotline::services
