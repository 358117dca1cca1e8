#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "hotline/core/choice.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"

namespace hotline HOTLINE_PUBLIC {

/// How calls run concurrently: the value of `--concurrency`.
struct Concurrency {
  enum class Kind : std::uint8_t {
    serial,     ///< One call at a time for each listener, blocking.
    threads,    ///< At most `count` calls, each on a thread, blocking; further callers wait in the
                ///< backlog.
    processes,  ///< At most `count` calls, each in a process, blocking. Datagrams: `count` workers.
    loops,      ///< `count` event loops, with a fiber for each call.
  };

  Kind kind = Kind::loops;
  std::optional<std::size_t>
      count{};  ///< Default: a loop for each core, 256 threads, 64 processes.

  /// Parses `serial`, `threads:16`, `processes`, `loops:2` and so on. Fails with
  /// `invalid_argument`.
  static Result<Concurrency> parse(std::string_view word);

  /// Returns the words that parse() takes, in the order of the kinds.
  static std::span<const Choice> choices();

  /// Returns the word with effective_count(), in the form that parse() reads.
  std::string to_string() const;

  /// Returns `count`, or the default of `kind` on this machine.
  std::size_t effective_count() const;
};

}  // namespace hotline
