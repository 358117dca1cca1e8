#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "cli/json_line.h"
#include "hotline/core/deadline.h"
#include "hotline/engine/mutex.h"
#include "hotline/engine/signals.h"
#include "hotline/services/file_client.h"
#include "hotline/services/file_failure.h"

namespace hotline::cli {

/// The connection to a service of files, which is made when it is needed, and again when it is
/// lost. The fibers of one loop may use it, many at once.
class FileLink {
 public:
  struct To {
    std::string uri;   ///< The endpoint.
    std::string home;  ///< The value of --home.
    Duration connect_timeout = std::chrono::seconds(30);
    Duration retry_for = std::chrono::minutes(10);  ///< How long to try after each loss.
    OutputForm form{};                              ///< How notes are written.
    Signals* asked = nullptr;  ///< Asks how far transfers are. Not owned; null: nothing does.
  };

  explicit FileLink(To to) : to_(std::move(to)) {}

  /// Calls `work` with a client, again and again with pauses in between while it fails in a way
  /// that may pass, and returns what it returned last. Fails at once if there has never been a
  /// connection, and none can be made; but if the peer ends the first ones before its first
  /// message, as a server that is killed does, it tries again too. A peer that does so three times
  /// refuses the caller: then the failure is not retryable. Suspends the fiber.
  template <typename Value>
  FileResult<Value> perform(const std::function<FileResult<Value>(FileClient&)>& work) {
    FileResult<Value> result = std::unexpected(FileFailure(Error()));
    const auto failed = repeat([&](FileClient& client) -> FileResult<void> {
      result = work(client);
      if (!result) return std::unexpected(result.error());
      return {};
    });
    if (!failed) return std::unexpected(failed.error());
    return result;
  }

  /// Returns true if a connection was made, at any time.
  bool has_connected() const { return has_connected_; }

  /// Returns the client of the connection if there is one. It may have been lost.
  std::shared_ptr<FileClient> connected() const { return client_; }

  /// Changes how notes are written.
  void set_form(OutputForm form) { to_.form = form; }

  /// Ends the session in order. Failures are ignored.
  void finish();

  const To& to() const { return to_; }

 private:
  FileResult<void> repeat(const std::function<FileResult<void>(FileClient&)>& work);
  FileResult<std::shared_ptr<FileClient>> client();
  FileResult<std::shared_ptr<FileClient>> connect_anew();
  FileFailure not_connected(Error error);
  void drop(const std::shared_ptr<FileClient>& lost, const Error& error);
  void note_loss(const FileFailure& failure);

  To to_;
  Mutex mutex_{};  ///< Held while a connection is made.
  std::shared_ptr<FileClient> client_{};
  bool has_connected_ = false;
  int early_ends_ = 0;      ///< Connections that ended so, before one that was made.
  bool has_noted_ = false;  ///< The current loss.
  std::optional<Instant> noted_refusal_{};
};

}  // namespace hotline::cli
