#include "engine/launcher/spare_keepers.h"

#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

namespace hotline::engine::spare_keepers_test {

TEST_CASE("a keeper is noted from before its fork until it is removed") {
  SpareKeepers& spares = *SpareKeepers::make();
  CHECK(spares.count() == 0);
  const pid_t fork = spares.begin_fork();
  CHECK(spares.count() == 1);
  spares.end_fork(fork, 7);
  CHECK(spares.count() == 1);
  spares.remove(7);
  CHECK(spares.count() == 0);
}

TEST_CASE("a fork that failed leaves no keeper noted") {
  SpareKeepers& spares = *SpareKeepers::make();
  spares.end_fork(spares.begin_fork(), -1);
  CHECK(spares.count() == 0);
}

TEST_CASE("a keeper that has taken a request already is not noted by the launcher again") {
  SpareKeepers& spares = *SpareKeepers::make();
  const pid_t fork = spares.begin_fork();
  spares.end_fork(fork, 7);  // by the keeper
  spares.remove(7);
  spares.end_fork(fork, 7);  // by the launcher, which ran later
  CHECK(spares.count() == 0);
}

TEST_CASE("a keeper that runs late does not take the place of the next one") {
  SpareKeepers& spares = *SpareKeepers::make();
  const pid_t first = spares.begin_fork();
  spares.end_fork(first, 7);  // by the launcher
  const pid_t second = spares.begin_fork();
  spares.end_fork(first, 7);  // by the first keeper
  spares.end_fork(second, 8);
  CHECK(spares.count() == 2);
  spares.remove(7);
  spares.remove(8);
  CHECK(spares.count() == 0);
}

TEST_CASE("a keeper that is not noted can be removed without effect") {
  SpareKeepers& spares = *SpareKeepers::make();
  CHECK(spares.add(7));
  spares.remove(8);
  CHECK(spares.count() == 1);
}

TEST_CASE("no keeper is noted beyond the most") {
  SpareKeepers& spares = *SpareKeepers::make();
  for (std::size_t i = 1; i <= SpareKeepers::kMax; ++i) CHECK(spares.add(static_cast<pid_t>(i)));
  CHECK_FALSE(spares.add(100));
  CHECK(spares.begin_fork() == 0);
  spares.remove(3);
  CHECK(spares.add(100));
  CHECK(spares.count() == SpareKeepers::kMax);
}

TEST_CASE("a forked process notes itself for its parent") {
  SpareKeepers& spares = *SpareKeepers::make();
  const pid_t child = ::fork();
  if (child == 0) ::_exit(spares.add(::getpid()) ? 0 : 1);
  int status = -1;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
  CHECK(spares.count() == 1);
  spares.remove(child);
  CHECK(spares.count() == 0);
}

}  // namespace hotline::engine::spare_keepers_test
