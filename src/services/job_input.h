#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "hotline/core/bytes.h"
#include "hotline/core/result.h"
#include "hotline/engine/event.h"
#include "hotline/services/remote_command.h"
#include "services/output_digest.h"

namespace hotline::services {

/// The standard input of a job, from the client that is attached to the loop of the command. Any
/// thread; one fiber takes.
class JobInput {
 public:
  /// How much waits for the command at most.
  static constexpr std::size_t kWaitingMax = std::size_t{64} << 10;

  /// A client that writes. A value.
  struct Writer {
    std::uint64_t number = 0;
    std::optional<OutputDigest> before{};  ///< What was taken from earlier ones; nullopt if no
                                           ///< more is taken.
  };

  explicit JobInput(CommandInput input) : has_ended_(input == CommandInput::none) {}

  /// Makes this the only writer. What an earlier one has not written yet is not taken any more.
  Writer attach();

  /// Takes bytes, all or none, after waiting for room. `so_far` is the digest of the whole input
  /// with them. Fails with `closed` for an earlier writer and after close(), and with `cancelled`.
  Result<void> write(const Writer& writer, Bytes bytes, const OutputDigest& so_far);

  /// Ends the input. Has no effect for an earlier writer.
  void end(const Writer& writer);

  /// Returns the next bytes after waiting for them, and empty ones at the end. Fails with `closed`
  /// after close(), and with `cancelled`.
  Result<std::string> take();

  /// The command takes nothing more.
  void close();

 private:
  std::mutex mutex_;
  std::uint64_t writer_number_ = 0;
  std::string waiting_;
  OutputDigest taken_{};  ///< The digest of everything that was written.
  bool has_ended_;
  bool is_closed_ = false;
  Event has_room_;
  Event has_grown_;
};

}  // namespace hotline::services
