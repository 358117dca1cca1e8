#include "options.h"

#include <arpa/inet.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bench {
namespace {

constexpr std::size_t kCallersMax = 20'000;
constexpr std::size_t kBytesMax = 1 << 24;
constexpr double kSecondsMax = 600;

constexpr const char* kUsage =
    "usage: bench_callers ENDPOINT [OPTION...]\n"
    "  ENDPOINT        tcp://127.A.B.C:PORT of an upper-case server; ?framing=lines or u32be\n"
    "  --conduct WORD  good (default), flood, deaf, dribble, partial, garbage, churn, reset, idle\n"
    "  --callers N     how many at once (1)\n"
    "  --bytes N       of each message; of the begun one of `partial` (0: empty messages)\n"
    "  --seconds S     how long (2)\n"
    "  --answers N     good: until each caller has had so many, if that is sooner\n"
    "Says `ready` on standard error once all have called, and prints one JSON line at the end.\n"
    "It stops by itself, and calls only this machine.\n"
    "example: bench_callers tcp://127.0.0.1:8000?framing=lines --conduct flood --callers 30\n";

struct ConductName {
  std::string_view name;
  Conduct conduct;
};

constexpr std::array kConducts{
    ConductName{"good", Conduct::kGood},       ConductName{"flood", Conduct::kFlood},
    ConductName{"deaf", Conduct::kDeaf},       ConductName{"dribble", Conduct::kDribble},
    ConductName{"partial", Conduct::kPartial}, ConductName{"garbage", Conduct::kGarbage},
    ConductName{"churn", Conduct::kChurn},     ConductName{"reset", Conduct::kReset},
    ConductName{"idle", Conduct::kIdle},
};

[[noreturn]] void reject(std::string_view option, std::string_view value) {
  throw std::invalid_argument(std::string(option) + ": not possible: " + std::string(value));
}

double parse_number(const std::string& option, const char* value, double min, double max) {
  char* end = nullptr;
  const double number = std::strtod(value, &end);
  if (end == value || *end != '\0' || !(number >= min && number <= max)) reject(option, value);
  return number;
}

Conduct parse_conduct(std::string_view value) {
  for (const ConductName& each : kConducts) {
    if (each.name == value) return each.conduct;
  }
  reject("--conduct", value);
}

Wire parse_wire(std::string_view query) {
  if (query.empty()) return Wire::kRaw;
  if (query == "?framing=lines") return Wire::kLines;
  if (query == "?framing=u32be") return Wire::kU32be;
  reject("endpoint", query);
}

void parse_endpoint(const std::string& endpoint, CallerOptions& options) {
  constexpr std::string_view kScheme = "tcp://";
  const std::size_t query = std::min(endpoint.find('?'), endpoint.size());
  const std::size_t colon = endpoint.rfind(':', query);
  if (!endpoint.starts_with(kScheme) || colon <= kScheme.size()) reject("endpoint", endpoint);
  options.wire = parse_wire(std::string_view(endpoint).substr(query));
  options.server.sin_family = AF_INET;
  const std::string host = endpoint.substr(kScheme.size(), colon - kScheme.size());
  if (inet_pton(AF_INET, host.c_str(), &options.server.sin_addr) != 1) reject("endpoint", endpoint);
  // No other machine is to be called, whatever the command line says.
  const bool is_here = ntohl(options.server.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
  if (!is_here) throw std::invalid_argument(endpoint + ": it is not an address of this machine");
  const std::string port = endpoint.substr(colon + 1, query - colon - 1);
  const double number = parse_number("endpoint", port.c_str(), 1, 65535);
  options.server.sin_port = htons(static_cast<in_port_t>(number));
}

void parse_value(const std::string& name, const char* value, CallerOptions& options) {
  const auto count = [&](double min, double max) {
    return static_cast<std::size_t>(parse_number(name, value, min, max));
  };
  if (name == "--conduct")
    options.conduct = parse_conduct(value);
  else if (name == "--callers")
    options.callers = count(1, kCallersMax);
  else if (name == "--bytes")
    options.bytes = count(0, kBytesMax);
  else if (name == "--answers")
    options.answers = count(1, 1e9);
  else if (name == "--seconds")
    options.seconds = parse_number(name, value, 0.01, kSecondsMax);
  else
    throw std::invalid_argument(name + ": unknown option; see --help");
}

}  // namespace

CallerOptions parse_caller_options(int argc, char** argv) {
  CallerOptions options;
  const std::span<char*> words(argv, static_cast<std::size_t>(argc));
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string word = words[i];
    if (word == "--help") {
      std::fputs(kUsage, stdout);
      std::exit(EXIT_SUCCESS);
    }
    if (!word.starts_with("--")) {
      parse_endpoint(word, options);
    } else {
      if (i + 1 == words.size()) throw std::invalid_argument(word + ": needs a value");
      parse_value(word, words[++i], options);
    }
  }
  if (options.server.sin_port == 0) throw std::invalid_argument("no endpoint; see --help");
  return options;
}

}  // namespace bench
