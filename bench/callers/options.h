#pragma once

#include <netinet/in.h>

#include <cstddef>
#include <cstdint>

namespace bench {

// What the callers do. All but `kGood` misbehave.
enum class Conduct {
  kGood,     // Each sends a message, waits for its reply, pauses, and sends the next.
  kFlood,    // Sends without end, and reads every reply.
  kDeaf,     // Sends without end, and reads nothing.
  kDribble,  // Sends a byte now and then.
  kPartial,  // Begins a message and never ends it.
  kGarbage,  // Sends random bytes, hangs up one way or another, and calls again.
  kChurn,    // Calls, sends a word, hangs up after the reply, and calls again.
  kReset,    // The same, but ends each call with a reset.
  kIdle,     // Sends nothing.
};

// How messages are delimited: as bytes come, by newlines, or by a length of 4 bytes before each.
enum class Wire { kRaw, kLines, kU32be };

struct CallerOptions {
  Conduct conduct = Conduct::kGood;
  Wire wire = Wire::kRaw;
  sockaddr_in server{};
  std::size_t callers = 1;
  // The size of each message that is sent; 0: an empty one (on the raw wire a newline).
  std::size_t bytes = 0;
  double seconds = 2;
  // kGood: the run ends before its time once every caller has had so many; 0: it does not.
  std::uint64_t answers = 0;
};

// Throws std::invalid_argument for what makes no sense. Prints the usage and exits 0 on --help.
CallerOptions parse_caller_options(int argc, char** argv);

}  // namespace bench
