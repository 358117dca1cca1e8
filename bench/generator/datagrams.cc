#include "datagrams.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>

#include "failure.h"

namespace bench {
namespace {

constexpr std::size_t kNumberSize = 8;

// Version 4, mode 3 (client) and 4 (server).
constexpr unsigned char kNtpRequest = 0x23;
constexpr unsigned char kNtpReply = 0x24;
constexpr unsigned char kLeapBits = 0xC0;
constexpr unsigned char kStratumMax = 15;
constexpr std::size_t kStratumAt = 1;
constexpr std::size_t kOriginateAt = 24;
constexpr std::size_t kReceiveAt = 32;
constexpr std::size_t kTransmitAt = 40;
constexpr std::size_t kNumberAt = 4;  // In a time: its fractions.

std::uint32_t load_u32(const char* bytes) {
  std::uint32_t number = 0;
  std::memcpy(&number, bytes, sizeof number);
  return ntohl(number);
}

void store_u32(std::uint32_t number, char* bytes) {
  number = htonl(number);
  std::memcpy(bytes, &number, sizeof number);
}

// Any number that is not 0: a server must not look at it.
std::uint32_t ntp_seconds(std::size_t peer) {
  return 0xE0000000U + static_cast<std::uint32_t>(peer);
}

}  // namespace

std::unique_ptr<Datagrams> Datagrams::of(const Options& options) {
  if (options.is_ntp) return std::make_unique<NtpDatagrams>();
  return std::make_unique<UpperDatagrams>(options);
}

UpperDatagrams::UpperDatagrams(const Options& options)
    : bytes_(options.bytes), text_(options, options.bytes) {}

void UpperDatagrams::compose(std::size_t peer, std::uint32_t number, char* request) const {
  std::memcpy(request + kNumberSize, text_.request(position(peer, number)), bytes_ - kNumberSize);
  for (std::size_t i = kNumberSize; i > 0; --i, number >>= 4)
    request[i - 1] = "0123456789ABCDEF"[number & 15];
}

std::uint32_t UpperDatagrams::verify(std::size_t peer, const char* reply) const {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(reply, reply + kNumberSize, number, 16);
  if (error != std::errc() || end != reply + kNumberSize) throw Failure("wrong reply: its number");
  text_.verify(reply + kNumberSize, bytes_ - kNumberSize, position(peer, number));
  return number;
}

std::uint64_t UpperDatagrams::position(std::size_t peer, std::uint32_t number) const {
  return text_.start(peer) + std::uint64_t{number} * bytes_;
}

void NtpDatagrams::compose(std::size_t peer, std::uint32_t number, char* request) const {
  std::memset(request, 0, kBytes);
  request[0] = static_cast<char>(kNtpRequest);
  store_u32(ntp_seconds(peer), request + kTransmitAt);
  store_u32(number, request + kTransmitAt + kNumberAt);
}

std::uint32_t NtpDatagrams::verify(std::size_t peer, const char* reply) const {
  const auto first = static_cast<unsigned char>(reply[0]);
  if ((first & ~kLeapBits) != kNtpReply) throw Failure("wrong reply: its version or mode");
  const auto stratum = static_cast<unsigned char>(reply[kStratumAt]);
  if (stratum == 0 || stratum > kStratumMax || (first & kLeapBits) == kLeapBits)
    throw Failure("wrong reply: the server is not synchronised");
  if (load_u32(reply + kOriginateAt) != ntp_seconds(peer))
    throw Failure("wrong reply: its originate time");
  std::uint64_t receive = 0;
  std::uint64_t transmit = 0;
  std::memcpy(&receive, reply + kReceiveAt, sizeof receive);
  std::memcpy(&transmit, reply + kTransmitAt, sizeof transmit);
  if (receive == 0 || transmit == 0 || receive == transmit)
    throw Failure("wrong reply: its receive or transmit time");
  return load_u32(reply + kOriginateAt + kNumberAt);
}

}  // namespace bench
