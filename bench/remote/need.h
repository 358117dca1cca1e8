#pragma once

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

// A client of a benchmark that cannot go on says why and exits 1.
namespace bench {

[[noreturn]] inline void fail(std::string_view what) {
  std::fprintf(stderr, "%s: %.*s\n", program_invocation_short_name, static_cast<int>(what.size()),
               what.data());
  std::exit(1);
}

// The value of a `hotline::Result` or `hotline::FileResult`.
template <typename Outcome>
typename Outcome::value_type need(Outcome outcome) {
  if (!outcome) fail(outcome.error().message());
  return std::move(*outcome);
}

}  // namespace bench
