#include "cli/bench_messages.h"

#include <algorithm>
#include <cstdio>
#include <random>
#include <string_view>
#include <utility>

#include "hotline/framing/codec.h"
#include "hotline/services/upper.h"

namespace hotline::cli {
namespace {

/// A prime, so that connections that begin at different messages stay apart.
constexpr std::size_t kMessagesMade = 61;
/// Fewer messages are made if they are long, so that all of them stay in the processor's cache.
constexpr std::size_t kBytesMade = std::size_t{256} * 1024;

constexpr unsigned kSeed = 20'240'229;

std::string upper_case(std::string text) {
  to_upper(as_writable_bytes(text));
  return text;
}

/// The bytes that mark the end of a message in `framing`.
std::string_view marks_of(const Framing& framing) {
  if (framing.kind == Framing::Kind::lines) return "\r\n";
  return framing.kind == Framing::Kind::delimiter ? std::string_view(framing.delimiter) : "";
}

/// Every byte that neither it nor its upper case has a meaning in `framing`. Letters come up as
/// often as all others together.
std::string alphabet_of(const Framing& framing) {
  std::string alphabet;
  const std::string_view marks = marks_of(framing);
  const auto add = [&](int byte) {
    const std::string one(1, static_cast<char>(byte));
    const bool is_mark = marks.find(one) != marks.npos || marks.find(upper_case(one)) != marks.npos;
    if (!is_mark) alphabet += one;
  };
  for (int byte = 0; byte < 256; ++byte) add(byte);
  for (int i = 0; i < 5; ++i) {
    for (int letter = 'a'; letter <= 'z'; ++letter) add(letter);
    for (int letter = 'A'; letter <= 'Z'; ++letter) add(letter);
  }
  return alphabet;
}

std::size_t bytes_of(const BenchOptions& options, const Framing& framing) {
  const bool is_fixed = framing.kind == Framing::Kind::fixed;
  return options.bytes.value_or(is_fixed ? framing.fixed_bytes : BenchOptions::kBytes);
}

std::vector<std::string> make_up(std::size_t bytes, const Framing& framing) {
  const std::string alphabet = alphabet_of(framing);
  const std::size_t affordable = kBytesMade / std::max<std::size_t>(bytes, 1);
  std::vector<std::string> made(std::clamp<std::size_t>(affordable, 2, kMessagesMade));
  std::mt19937 random(kSeed);
  for (std::string& each : made) {
    each.resize(bytes);
    std::ranges::generate(each, [&] { return alphabet[random() % alphabet.size()]; });
  }
  return made;
}

Result<std::string> wire_of(const Endpoint& peer, const Framing& framing, Bytes payload) {
  if (!framing.has_boundaries()) return std::string(as_text(payload));
  const auto envelope = encode_for(peer, framing, payload);
  if (!envelope) return fail(envelope.error());
  return std::string(as_text(envelope->header())) + std::string(as_text(payload)) +
         std::string(as_text(envelope->trailer()));
}

std::string difference(std::string_view reply, std::string_view expected, std::size_t skipped) {
  const auto differs =
      std::mismatch(reply.begin() + static_cast<std::ptrdiff_t>(skipped), reply.end(),
                    expected.begin() + static_cast<std::ptrdiff_t>(skipped));
  if (differs.first == reply.end()) return {};
  char text[96];
  std::snprintf(text, sizeof text, "byte %td of %zu is 0x%02x, not 0x%02x",
                differs.first - reply.begin() + 1, reply.size(),
                static_cast<unsigned>(static_cast<unsigned char>(*differs.first)),
                static_cast<unsigned>(static_cast<unsigned char>(*differs.second)));
  return text;
}

}  // namespace

Result<BenchMessages> BenchMessages::make(const BenchOptions& options, const Endpoint& peer,
                                          const Framing& framing) {
  BenchMessages made;
  made.expected_ = options.expected;
  made.payloads_ = options.message ? std::vector{*options.message}
                                   : make_up(bytes_of(options, framing), framing);
  const bool has_boundaries = framing.has_boundaries() || is_datagram(peer.transport());
  if (made.bytes() == 0 && !has_boundaries) {
    return fail(make_error(ErrorKind::invalid_argument, "send to", peer.to_string(),
                           "the message is empty, and a stream has no empty messages",
                           "use a framing, as in ?framing=u32be, or a message with bytes"));
  }
  for (const std::string& each : made.payloads_) {
    auto wire = wire_of(peer, framing, as_bytes(each));
    if (!wire) return fail(std::move(wire.error()));
    made.wires_.push_back(*std::move(wire));
    if (options.expected == ExpectedReply::any) continue;
    made.replies_.push_back(options.expected == ExpectedReply::upper ? upper_case(each) : each);
  }
  return made;
}

std::string BenchMessages::fault_of(std::uint64_t number, Bytes reply, std::size_t skipped) const {
  if (expected_ == ExpectedReply::any) return {};
  const std::string_view expected = replies_[number % size()];
  const std::string_view came = as_text(reply);
  if (came.size() == expected.size() && came.substr(skipped) == expected.substr(skipped)) return {};
  if (came.size() == expected.size()) return difference(came, expected, skipped);
  return "it has " + std::to_string(came.size()) + " bytes, not " + std::to_string(expected.size());
}

}  // namespace hotline::cli
