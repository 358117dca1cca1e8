#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "cli/bench_messages.h"
#include "cli/bench_options.h"
#include "cli/stream_target.h"
#include "hotline/core/result.h"
#include "hotline/framing/framing.h"
#include "hotline/net/connect.h"
#include "hotline/net/endpoint.h"

namespace hotline::cli {

/// What all connections of a load share: the endpoint, and what is sent and expected. It does not
/// change during the load; any thread.
struct BenchPlan {
  BenchOptions options;
  Endpoint endpoint;
  std::size_t depth = 1;  ///< How many messages of a connection may have no reply yet.
  BenchMessages messages;
  ConnectOptions connecting{};
  std::optional<StreamTarget> stream{};  ///< Nullopt: datagrams.

  /// How replies are read. Those without a framing have the size of the message.
  Framing replies{};

  /// Returns true if it is known where a reply ends. Otherwise whatever arrives is one.
  bool knows_ends() const { return replies.has_boundaries() || !stream; }

  /// Returns true if the bytes after a wrong reply mean nothing: only its size says where it ends.
  bool trusts_sizes() const { return stream && !stream->framing.has_boundaries(); }

  /// Returns true if datagrams begin with a number, by which their replies are recognized.
  bool has_numbers() const;

  /// Returns the Error for a reply that must not come.
  Error reply_error(std::string detail) const;

  /// Parses the endpoint, whose keys are those of `home`, and makes the messages. Fails with
  /// `invalid_argument` if the endpoint cannot have such a load, and as StreamTarget::parse() and
  /// BenchMessages::make() do.
  static Result<BenchPlan> make(const BenchOptions& options, const std::string& home);
};

}  // namespace hotline::cli
