#include "options.h"

#include <arpa/inet.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "datagrams.h"

namespace bench {
namespace {

constexpr std::size_t kConnectionsMax = 100'000;
constexpr std::size_t kStreamBytesMax = 1 << 20;
constexpr std::size_t kDatagramBytesMin = 8;
constexpr std::size_t kDatagramBytesMax = 65'507;
constexpr std::size_t kDepthMax = 4096;
constexpr std::size_t kSegmentsMax = 64;
constexpr double kSecondsMax = 600;

constexpr const char* kUsage =
    "usage: bench_generator ENDPOINT [OPTION...]\n"
    "  ENDPOINT             tcp://A.B.C.D:PORT, tls:// or udp:// of an upper-case server;\n"
    "                       ntp:// of an NTP server\n"
    "  --mode MODE          load (default), connections or idle; the last two not over udp\n"
    "  --connections N      connections, or datagram sockets (1)\n"
    "  --bytes N            bytes a message (64)\n"
    "  --framing u32be      the length before each message: 4 bytes, most significant first\n"
    "  --depth N            messages in flight on each connection (1)\n"
    "  --segments N         udp: send up to N datagrams as one train, and take trains back (1)\n"
    "  --seconds S          measured time (2)\n"
    "  --warmup S           time before it (0.5)\n"
    "  --server-pid PID     measure that process's CPU time and memory\n"
    "  --psk IDENTITY:HEX   tls: the key\n"
    "  --ca FILE --certificate FILE --key FILE\n"
    "                       tls: certificates in place of a key\n"
    "  --secret TEXT        answer a challenge by hmac-sha256 on each connection\n"
    "  --speak              idle: measure again after one message on each connection\n"
    "One JSON line on standard output. Status 1: a wrong or missing reply.\n"
    "example: bench_generator tcp://127.0.0.1:8000 --connections 64 --server-pid 4242\n";

[[noreturn]] void reject(std::string_view option, std::string_view value) {
  throw std::invalid_argument(std::string(option) + ": not possible: " + std::string(value));
}

double parse_number(const std::string& option, const char* value, double min, double max) {
  char* end = nullptr;
  const double number = std::strtod(value, &end);
  if (end == value || *end != '\0' || !(number >= min && number <= max)) reject(option, value);
  return number;
}

std::size_t parse_count(const std::string& option, const char* value, std::size_t max) {
  const double number = parse_number(option, value, 1, static_cast<double>(max));
  return static_cast<std::size_t>(number);
}

Mode parse_mode(std::string_view value) {
  if (value == "load") return Mode::kLoad;
  if (value == "connections") return Mode::kConnections;
  if (value == "idle") return Mode::kIdle;
  reject("--mode", value);
}

Prefix parse_prefix(std::string_view value) {
  if (value == "u32be") return Prefix::kU32be;
  reject("--framing", value);
}

void parse_endpoint(const std::string& endpoint, Options& options) {
  const std::string_view scheme = std::string_view(endpoint).substr(0, 6);
  const std::size_t colon = endpoint.rfind(':');
  const bool is_known =
      scheme == "tcp://" || scheme == "tls://" || scheme == "udp://" || scheme == "ntp://";
  if (!is_known || colon <= scheme.size()) reject("endpoint", endpoint);
  options.has_tls = scheme == "tls://";
  options.is_ntp = scheme == "ntp://";
  options.datagrams = scheme == "udp://" || options.is_ntp;
  if (options.is_ntp) options.bytes = NtpDatagrams::kBytes;
  options.server.sin_family = AF_INET;
  const std::string host = endpoint.substr(6, colon - 6);
  if (inet_pton(AF_INET, host.c_str(), &options.server.sin_addr) != 1) reject("endpoint", endpoint);
  const std::size_t port = parse_count("endpoint", endpoint.c_str() + colon + 1, 65535);
  options.server.sin_port = htons(static_cast<in_port_t>(port));
}

void parse_value(const std::string& name, const char* value, Options& options) {
  const auto count = [&](std::size_t max) { return parse_count(name, value, max); };
  if (name == "--mode")
    options.mode = parse_mode(value);
  else if (name == "--connections")
    options.connections = count(kConnectionsMax);
  else if (name == "--bytes")
    options.bytes = count(kStreamBytesMax);
  else if (name == "--framing")
    options.prefix = parse_prefix(value);
  else if (name == "--depth")
    options.depth = count(kDepthMax);
  else if (name == "--segments")
    options.segments = count(kSegmentsMax);
  else if (name == "--seconds")
    options.seconds = parse_number(name, value, 0.01, kSecondsMax);
  else if (name == "--warmup")
    options.warmup = parse_number(name, value, 0, kSecondsMax);
  else if (name == "--server-pid")
    options.server_pid = static_cast<pid_t>(count(1 << 22));
  else if (name == "--secret")
    options.secret = value;
  else if (std::string* place = options.trust.place_of(name))
    *place = value;
  else
    throw std::invalid_argument(name + ": unknown option; see --help");
}

void check(const Options& options) {
  if (options.server.sin_port == 0) throw std::invalid_argument("no endpoint; see --help");
  if (options.datagrams && options.mode != Mode::kLoad)
    throw std::invalid_argument("udp:// knows only --mode load");
  if (options.datagrams && options.bytes < kDatagramBytesMin)
    throw std::invalid_argument("--bytes: a datagram needs 8 for its number");
  if (options.datagrams && options.bytes > kDatagramBytesMax)
    throw std::invalid_argument("--bytes: a datagram holds at most 65507");
  if (options.is_ntp && options.bytes != NtpDatagrams::kBytes)
    throw std::invalid_argument("--bytes: an NTP packet has 48");
  if (options.datagrams && options.prefix != Prefix::kNone)
    throw std::invalid_argument("--framing: datagrams need none");
  if (!options.datagrams && options.segments > 1)
    throw std::invalid_argument("--segments: only for datagrams");
  if (options.has_tls != options.trust.has_tls())
    throw std::invalid_argument("tls:// needs --psk or --ca, and nothing else does");
  if (options.mode == Mode::kIdle && options.server_pid == 0)
    throw std::invalid_argument("--mode idle measures memory: it needs --server-pid");
}

}  // namespace

Options parse_options(int argc, char** argv) {
  Options options;
  const std::span<char*> words(argv, static_cast<std::size_t>(argc));
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string word = words[i];
    if (word == "--help") {
      std::fputs(kUsage, stdout);
      std::exit(EXIT_SUCCESS);
    }
    if (word == "--speak") {
      options.speak = true;
    } else if (!word.starts_with("--")) {
      parse_endpoint(word, options);
    } else {
      if (i + 1 == words.size()) throw std::invalid_argument(word + ": needs a value");
      parse_value(word, words[++i], options);
    }
  }
  check(options);
  if (options.prefix == Prefix::kU32be) options.bytes += sizeof(std::uint32_t);
  return options;
}

}  // namespace bench
