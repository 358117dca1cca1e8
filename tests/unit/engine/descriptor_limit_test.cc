#include "engine/descriptor_limit.h"

#include <sys/resource.h>
#include <unistd.h>

#include <vector>

#include <doctest/doctest.h>

#include "support/sockets.h"

namespace hotline::engine::descriptor_limit_test {
namespace {

/// Restores the descriptor limit of the process.
class KeepsLimit {
 public:
  KeepsLimit() { REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit_) == 0); }
  ~KeepsLimit() { ::setrlimit(RLIMIT_NOFILE, &limit_); }

  void lower_to(rlim_t soft) const {
    const rlimit lowered{soft, limit_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &lowered) == 0);
  }
  rlim_t hard() const { return limit_.rlim_max; }

 private:
  rlimit limit_{};
};

}  // namespace

TEST_CASE("the limit on descriptors is raised to the hard one") {
  const KeepsLimit limit;
  limit.lower_to(64);
  CHECK(raise_descriptor_limit() == limit.hard());
  rlimit current{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &current) == 0);
  CHECK(current.rlim_cur == limit.hard());
  CHECK(raise_descriptor_limit() == limit.hard());
}

TEST_CASE("a reserve makes room for one descriptor when none is left, and takes it back") {
  const KeepsLimit limit;
  ReserveDescriptor reserve;
  REQUIRE(reserve.restore());
  limit.lower_to(64);
  std::vector<UniqueFd> all;
  for (int fd; (fd = ::dup(0)) >= 0;) all.emplace_back(fd);
  reserve.release();
  UniqueFd found_room(::dup(0));
  CHECK(found_room);
  CHECK_FALSE(reserve.restore());
  found_room.reset();
  CHECK(reserve.restore());
  CHECK_FALSE(UniqueFd(::dup(0)));
}

}  // namespace hotline::engine::descriptor_limit_test
