#include "engine/simulated/trace.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>

namespace hotline::engine {

void Trace::note(Duration when, std::string_view host, std::string_view what, std::int64_t first,
                 std::int64_t second) {
  mix(static_cast<std::uint64_t>(when.count()));
  note_bytes(as_bytes(host));
  note_bytes(as_bytes(what));
  mix(static_cast<std::uint64_t>(first));
  mix(static_cast<std::uint64_t>(second));
  if (!sink_) return;
  char line[160];
  const double seconds = std::chrono::duration<double>(when).count();
  const int size =
      std::snprintf(line, sizeof line, "%14.9f %-10.*s %.*s %lld %lld", seconds,
                    static_cast<int>(host.size()), host.data(), static_cast<int>(what.size()),
                    what.data(), static_cast<long long>(first), static_cast<long long>(second));
  sink_({line, std::min(static_cast<std::size_t>(size), sizeof line - 1)});
}

void Trace::note_bytes(Bytes bytes) {
  mix(bytes.size());
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const std::size_t size = std::min(bytes.size(), sizeof word);
    std::memcpy(&word, bytes.data(), size);
    mix(word);
    bytes = bytes.subspan(size);
  }
}

void Trace::mix(std::uint64_t word) {
  // The finalizer of MurmurHash3, which spreads every bit of the word over all bits of the hash.
  word ^= std::rotl(hash_, 27);
  word *= 0xff51afd7ed558ccdULL;
  word ^= word >> 33;
  word *= 0xc4ceb9fe1a85ec53ULL;
  hash_ = word ^ (word >> 29);
}

}  // namespace hotline::engine
