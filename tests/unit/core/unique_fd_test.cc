#include "hotline/core/unique_fd.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include <doctest/doctest.h>

namespace hotline::unique_fd_test {
namespace {

UniqueFd open_one() { return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

}  // namespace

TEST_CASE("a descriptor is closed when its owner is destroyed") {
  int number = -1;
  {
    const UniqueFd fd = open_one();
    number = fd.get();
    REQUIRE(fd);
    CHECK(is_open(number));
  }
  CHECK_FALSE(is_open(number));
}

TEST_CASE("a descriptor moves with its owner") {
  UniqueFd one = open_one();
  const int number = one.get();
  UniqueFd other(std::move(one));
  CHECK(other.get() == number);
  CHECK(is_open(number));
  UniqueFd third = open_one();
  const int replaced = third.get();
  third = std::move(other);
  CHECK(third.get() == number);
  CHECK_FALSE(is_open(replaced));
}

TEST_CASE("an owner that was moved from holds nothing") {
  UniqueFd one = open_one();
  const UniqueFd other(std::move(one));
  CHECK_FALSE(one);  // NOLINT(bugprone-use-after-move): that is what is tested
  CHECK(one.get() == -1);
}

TEST_CASE("a released descriptor stays open") {
  UniqueFd owner = open_one();
  const int number = owner.release();
  CHECK_FALSE(owner);
  CHECK(is_open(number));
  ::close(number);
}

TEST_CASE("reset closes the old descriptor and holds the new one") {
  UniqueFd owner = open_one();
  const int first = owner.get();
  const int second = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  owner.reset(second);
  CHECK_FALSE(is_open(first));
  CHECK(owner.get() == second);
  owner.reset();
  CHECK_FALSE(is_open(second));
  owner.reset();
  CHECK_FALSE(owner);
}

TEST_CASE("zero is a descriptor, minus one is not") {
  CHECK_FALSE(UniqueFd());
  CHECK_FALSE(UniqueFd(-1));
  UniqueFd standard_input(0);
  CHECK(standard_input);
  CHECK(standard_input.release() == 0);
}

}  // namespace hotline::unique_fd_test
