#include "server/restart_pause.h"

#include <doctest/doctest.h>

namespace hotline::server::restart_pause_test {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("the pause before a process is replaced doubles as long as each dies soon") {
  RestartPause pause;
  for (const int expected : {50, 100, 200, 400, 800, 1600, 2000, 2000}) {
    CHECK(pause.next(milliseconds(1)) == milliseconds(expected));
  }
}

TEST_CASE("a process that has lived long is replaced after the first pause") {
  RestartPause pause;
  for (int i = 0; i < 10; ++i) pause.next(milliseconds(0));
  CHECK(pause.next(seconds(2)) == seconds(2));
  CHECK(pause.next(seconds(2) + milliseconds(1)) == milliseconds(50));
  CHECK(pause.next(milliseconds(1)) == milliseconds(100));
}

}  // namespace hotline::server::restart_pause_test
