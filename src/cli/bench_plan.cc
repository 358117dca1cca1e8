#include "cli/bench_plan.h"

#include <algorithm>
#include <string>
#include <utility>

#include "cli/bench_number.h"
#include "cli/key_trust.h"
#include "cli/report.h"

namespace hotline::cli {
namespace {

constexpr std::size_t kUdpBytesMax = 65'507;

bool can_have_numbers(const BenchOptions& options) {
  return !options.message && options.bytes.value_or(BenchOptions::kBytes) >= BenchNumber::kBytes &&
         options.expected != ExpectedReply::any;
}

/// Returns the most messages that may be without a reply: one, if nothing says which of several a
/// reply belongs to, or if the framing needs it.
std::size_t depth_max(const BenchOptions& options, const Endpoint& endpoint,
                      const Framing& framing) {
  if (is_datagram(endpoint.transport())) {
    return can_have_numbers(options) ? BenchOptions::kDepthMax : 1;
  }
  const bool is_unclear = !framing.has_boundaries() && options.expected == ExpectedReply::any;
  return is_unclear || !framing.can_pipeline() ? 1 : BenchOptions::kDepthMax;
}

Error too_deep(const Endpoint& endpoint) {
  if (is_datagram(endpoint.transport())) {
    return usage_error("--depth: nothing shows to which of several datagrams a reply belongs",
                       "send datagrams of --size 8 or more, without --message, --file and "
                       "'--expect any': they have a number");
  }
  return usage_error("--depth: here a message must wait for the reply to the one before",
                     "leave --depth out; several can be under way with a framing such as "
                     "?framing=u32be, or without '--expect any'");
}

Result<void> check_datagrams(const BenchOptions& options, const Endpoint& endpoint,
                             std::size_t bytes) {
  if (!is_datagram(endpoint.transport())) return {};
  if (options.per_connection) {
    return fail(usage_error("--per-connection: datagrams have no connections",
                            "leave it out, or call tcp, tls or unix"));
  }
  if (endpoint.transport() != Transport::udp || bytes <= kUdpBytesMax) return {};
  return fail(usage_error(std::to_string(bytes) + " bytes are too many for a datagram",
                          "UDP carries at most 65,507 bytes; a stream has no such limit"));
}

/// Returns how replies are cut.
Framing reply_framing(const BenchOptions& options, const Framing& framing, std::size_t bytes) {
  if (framing.has_boundaries() || options.expected == ExpectedReply::any) return framing;
  Framing by_size;
  by_size.kind = Framing::Kind::fixed;
  by_size.fixed_bytes = bytes;
  by_size.frame_max = std::max(by_size.frame_max, bytes);
  return by_size;
}

ConnectOptions connect_options(const BenchOptions& options, const std::string& home) {
  ConnectOptions connecting;
  connecting.tls = client_trust(home);
  connecting.timeout = options.timeout;
  connecting.stream.timeouts = {kNoTimeout, kNoTimeout, options.timeout};
  return connecting;
}

}  // namespace

bool BenchPlan::has_numbers() const { return !stream && can_have_numbers(options); }

Error BenchPlan::reply_error(std::string detail) const {
  return make_error(ErrorKind::protocol_violation, "accept a reply of", endpoint.to_string(),
                    std::move(detail),
                    "is it the service 'upper', with the framing of the endpoint? '--expect echo' "
                    "and '--expect any' take other replies");
}

Result<BenchPlan> BenchPlan::make(const BenchOptions& options, const std::string& home) {
  auto endpoint = Endpoint::parse(options.endpoint);
  if (!endpoint) return fail(std::move(endpoint.error()));
  ConnectOptions connecting = connect_options(options, home);
  std::optional<StreamTarget> stream;
  if (!is_datagram(endpoint->transport())) {
    auto parsed = StreamTarget::parse(options.endpoint);
    if (!parsed) return fail(std::move(parsed.error()));
    stream = *std::move(parsed);
  } else {
    auto target = Target::parse(options.endpoint, {}, nullptr, Side::client);
    if (!target) return fail(std::move(target.error()));
    connecting.socket = target->socket;
  }
  const Framing framing = stream ? stream->framing : Framing();
  const std::size_t deepest = depth_max(options, *endpoint, framing);
  if (options.depth.value_or(1) > deepest) return fail(too_deep(*endpoint));
  const std::size_t usual = options.rate ? BenchOptions::kOpenDepth : BenchOptions::kClosedDepth;
  auto messages = BenchMessages::make(options, *endpoint, framing);
  if (!messages) return fail(std::move(messages.error()));
  if (auto checked = check_datagrams(options, *endpoint, messages->bytes()); !checked) {
    return fail(std::move(checked.error()));
  }
  const Framing replies = reply_framing(options, framing, messages->bytes());
  return BenchPlan{.options = options,
                   .endpoint = *std::move(endpoint),
                   .depth = std::min(options.depth.value_or(usual), deepest),
                   .messages = *std::move(messages),
                   .connecting = std::move(connecting),
                   .stream = std::move(stream),
                   .replies = replies};
}

}  // namespace hotline::cli
