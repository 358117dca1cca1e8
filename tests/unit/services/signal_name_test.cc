#include "hotline/services/signal_name.h"

#include <csignal>
#include <cstring>
#include <set>
#include <string>

#include <doctest/doctest.h>

namespace hotline::signal_name_test {

TEST_CASE("every standard signal has one name, which leads back to its number") {
  std::set<std::string_view> names;
  for (int number = 1; number < 32; ++number) {
    const std::string_view name = signal_name(number);
    CAPTURE(number);
    REQUIRE_FALSE(name.empty());
    CHECK(names.insert(name).second);
    CHECK(signal_number(name) == number);
    CHECK(signal_number("SIG" + std::string(name)) == number);
    // The C library calls this one POLL.
    if (number != SIGIO) CHECK(name == sigabbrev_np(number));
  }
}

TEST_CASE("signals have the names of signal(7)") {
  CHECK(signal_name(SIGTERM) == "TERM");
  CHECK(signal_name(SIGKILL) == "KILL");
  CHECK(signal_name(SIGWINCH) == "WINCH");
  CHECK(signal_name(SIGIO) == "IO");
  CHECK(signal_name(SIGABRT) == "ABRT");
}

TEST_CASE("numbers that are not those of a standard signal have no name") {
  for (const int number : {-1, 0, 32, SIGRTMIN, SIGRTMAX, 65, 128}) {
    CHECK(signal_name(number).empty());
  }
}

TEST_CASE("other texts are not names of signals") {
  for (const std::string_view text : {"", "SIG", "term", "SIGSIGTERM", "TERM ", "15", "RTMIN"}) {
    CAPTURE(text);
    CHECK_FALSE(signal_number(text));
  }
}

}  // namespace hotline::signal_name_test
