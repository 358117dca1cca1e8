#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/bench_options.h"
#include "hotline/core/bytes.h"
#include "hotline/core/result.h"
#include "hotline/framing/framing.h"
#include "hotline/net/endpoint.h"

namespace hotline::cli {

/// The messages that a load sends, in turn, and the replies that they must have. Immutable; any
/// thread.
class BenchMessages {
 public:
  /// Makes the messages: one if its text is given, otherwise several that differ from each other,
  /// of letters and other bytes that `framing` can carry, also in upper case. Fails as encode_for()
  /// does for `peer`, and with `invalid_argument` for an empty message on a stream without framing.
  static Result<BenchMessages> make(const BenchOptions& options, const Endpoint& peer,
                                    const Framing& framing);

  /// Returns message `number`; after the last one comes the first again.
  Bytes payload(std::uint64_t number) const { return as_bytes(payloads_[number % size()]); }

  /// Returns the same with what the framing puts around it.
  Bytes wire(std::uint64_t number) const { return as_bytes(wires_[number % size()]); }

  /// Returns an empty text if `reply` is one to message `number`, of which the first `skipped`
  /// bytes are not compared. Otherwise returns what is wrong with it.
  std::string fault_of(std::uint64_t number, Bytes reply, std::size_t skipped = 0) const;

  std::size_t size() const { return payloads_.size(); }

  /// Returns how many bytes each message has.
  std::size_t bytes() const { return payloads_.front().size(); }

 private:
  ExpectedReply expected_ = ExpectedReply::any;
  std::vector<std::string> payloads_;
  std::vector<std::string> wires_;
  std::vector<std::string> replies_;
};

}  // namespace hotline::cli
