#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hotline/core/result.h"
#include "hotline/engine/event.h"
#include "hotline/net/identity.h"
#include "hotline/services/files.h"
#include "services/command_places.h"
#include "services/file_home.h"
#include "services/file_outcome.h"
#include "services/file_store.h"

namespace hotline::services {

/// What all calls of one service share. Any thread.
class FileService {
 public:
  /// A connection of a user, which counts as long as this exists. FileService must outlive it.
  struct Connection {
    explicit Connection(FileService& of_service) : service(&of_service) { ++service->connections_; }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() {
      if (--service->connections_ == 0) service->has_changed_.set();
    }

    FileService* service;
    std::string user{};
    std::shared_ptr<FileHome> home{};
    std::optional<CommandPlaces::Place> place{};
  };

  /// Opens the storage. Fails as FileStore::open().
  static Result<std::shared_ptr<FileService>> open(const FilesOptions& options);

  FileService(const FilesOptions& options, std::unique_ptr<FileStore> store);

  const FilesOptions& options() const { return options_; }
  FilesCounters& counters() { return *counters_; }

  /// Gives `connection` the home of its caller. Fails with `not_permitted` if the caller has none,
  /// without saying why, and with `busy` if the user has too many connections.
  FileOutcome<void> admit(const Identity* identity, Connection& connection);

  /// Makes maintain() read the users files again. Never waits.
  void reload_later();

  /// Does what the storage needs beside the calls. Returns after a drain, when no connection is
  /// left, or when it is cancelled.
  void maintain();

 private:
  FileOutcome<std::shared_ptr<FileHome>> home_of(const Identity* identity);
  void report(const std::vector<Error>& faults) const;

  const FilesOptions options_;
  const std::unique_ptr<FileStore> store_;
  const std::shared_ptr<FilesCounters> counters_;
  CommandPlaces places_;
  std::atomic<std::size_t> connections_ = 0;
  std::atomic<bool> wants_reload_ = false;
  Event has_changed_;
};

}  // namespace hotline::services
