#include "engine/simulated/descriptor_table.h"

#include <doctest/doctest.h>

#include "engine/simulated/plain_nodes.h"
#include "support/simulated.h"

namespace hotline::engine::descriptor_table_test {
namespace {

class TestNode final : public Node {
 public:
  TestNode(SimulatedHost& host, int& closed) : Node(host), closed_(closed) {}
  std::string_view kind() const override { return "test"; }
  bool is_ready(Direction) const override { return false; }
  void close() override { ++closed_; }

 private:
  int& closed_;
};

/// A table and two programs on two hosts.
struct Fixture {
  test::Simulation simulation;
  DescriptorTable table;
  Program one{simulation.loop, simulation.a, {}};
  Program other{simulation.loop, simulation.b, {}};
  int closed = 0;

  int open(Program& owner) {
    return table.open(std::make_shared<TestNode>(owner.host, closed), owner);
  }
};

}  // namespace

TEST_CASE("a descriptor is the lowest free number outside the system's range") {
  Fixture fixture;
  const int first = fixture.open(fixture.one);
  const int second = fixture.open(fixture.other);
  const int third = fixture.open(fixture.one);
  CHECK(first > 1'000'000);
  CHECK(second == first + 1);
  CHECK(third == first + 2);
  fixture.table.close(second);
  CHECK(fixture.open(fixture.one) == second);
  CHECK(fixture.open(fixture.one) == third + 1);
}

TEST_CASE("an open descriptor is found by its type") {
  Fixture fixture;
  const int fd = fixture.open(fixture.one);
  CHECK(fixture.table.find(fd) != nullptr);
  CHECK(fixture.table.share(fd).get() == fixture.table.find(fd));
  CHECK(fixture.table.find_as<TestNode>(fd) != nullptr);
  CHECK(fixture.table.find_as<CounterNode>(fd) == nullptr);
  for (const int none : {-1, 0, fd + 1}) {
    CHECK(fixture.table.find(none) == nullptr);
    CHECK(fixture.table.share(none) == nullptr);
    CHECK(fixture.table.find_as<TestNode>(none) == nullptr);
    fixture.table.close(none);
  }
  CHECK(fixture.closed == 0);
}

TEST_CASE("a node closes with its last descriptor") {
  Fixture fixture;
  const int fd = fixture.open(fixture.one);
  const int copy = fixture.table.duplicate(fd, fixture.one);
  REQUIRE(copy > 0);
  CHECK(copy != fd);
  CHECK(fixture.table.find(copy) == fixture.table.find(fd));
  CHECK(fixture.one.descriptors == 2);
  fixture.table.close(fd);
  CHECK(fixture.closed == 0);
  CHECK(fixture.table.find(fd) == nullptr);
  fixture.table.close(copy);
  CHECK(fixture.closed == 1);
  CHECK(fixture.one.descriptors == 0);
  CHECK(fixture.table.duplicate(fd, fixture.one) == -EBADF);
}

TEST_CASE("a program that has all its descriptors gets no more, and another program does") {
  Fixture fixture;
  fixture.one.descriptors_max = 2;
  const int fd = fixture.open(fixture.one);
  fixture.open(fixture.one);
  CHECK(fixture.open(fixture.one) == -EMFILE);
  CHECK(fixture.table.duplicate(fd, fixture.one) == -EMFILE);
  CHECK(fixture.open(fixture.other) > 0);
  CHECK(fixture.closed == 0);
  fixture.table.close(fd);
  CHECK(fixture.open(fixture.one) > 0);
}

TEST_CASE("the end of a program closes all its descriptors") {
  Fixture fixture;
  const int fd = fixture.open(fixture.one);
  fixture.table.duplicate(fd, fixture.one);
  const int shared = fixture.table.duplicate(fd, fixture.other);
  fixture.open(fixture.one);
  fixture.table.close_all(fixture.one);
  CHECK(fixture.closed == 1);
  CHECK(fixture.table.find(shared) != nullptr);
  CHECK(fixture.one.descriptors == 0);
  fixture.table.close_all(fixture.one);
  fixture.table.close_all(fixture.other);
  CHECK(fixture.closed == 2);
}

TEST_CASE("open descriptors are listed with their hosts") {
  Fixture fixture;
  CHECK(fixture.table.describe_open().empty());
  fixture.open(fixture.one);
  fixture.open(fixture.other);
  CHECK(fixture.table.describe_open() == std::vector<std::string>{"test on a", "test on b"});
}

}  // namespace hotline::engine::descriptor_table_test
