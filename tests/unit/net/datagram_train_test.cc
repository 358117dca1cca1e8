#include "net/datagram_train.h"

#include <cerrno>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::net::datagram_train_test {
namespace {

using List = std::vector<OutgoingDatagram>;

std::size_t length_of(const List& datagrams, Trains trains = Trains::possible) {
  std::vector<const OutgoingDatagram*> places;
  for (const OutgoingDatagram& each : datagrams) places.push_back(&each);
  return train_length(places, trains);
}

}  // namespace

TEST_CASE("datagrams of one size in a row make up a train, however few") {
  CHECK(length_of(List(16, {as_bytes("abc")})) == 16);
  CHECK(length_of(List(2, {as_bytes("abc")})) == 2);
  CHECK(length_of(List(1, {as_bytes("abc")})) == 1);
}

TEST_CASE("a shorter datagram is the last of a train, and a longer one begins the next") {
  List datagrams(30, {as_bytes("abc")});
  datagrams[20] = {as_bytes("abcd")};
  CHECK(length_of(datagrams) == 20);
  datagrams[18] = {as_bytes("ab")};
  CHECK(length_of(datagrams) == 19);
  datagrams[18] = {Bytes()};
  CHECK(length_of(datagrams) == 18);
  datagrams[1] = {as_bytes("abcd")};
  CHECK(length_of(datagrams) == 1);
}

TEST_CASE("an empty datagram, a large one and one that wants its sent time travel alone") {
  const std::string large(1201, 'x');
  const std::string largest(1200, 'x');
  CHECK(length_of(List(20, OutgoingDatagram{})) == 1);
  CHECK(length_of(List(20, {as_bytes(large)})) == 1);
  CHECK(length_of(List(20, {as_bytes(largest)})) == 20);
  CHECK(length_of(List(20, {as_bytes("x"), nullptr, SentTime::wanted})) == 1);
  List one_is_timed(20, {as_bytes("x")});
  one_is_timed[17].sent_time = SentTime::wanted;
  CHECK(length_of(one_is_timed) == 17);
}

TEST_CASE("a train has no more datagrams and bytes than every kernel takes") {
  const std::string largest(1200, 'x');
  CHECK(length_of(List(64, {as_bytes("x")})) == 64);
  CHECK(length_of(List(65, {as_bytes("x")})) == 64);
  CHECK(length_of(List(64, {as_bytes(largest)})) == 54);
}

TEST_CASE("where no trains are possible, or only short datagrams, others travel alone") {
  CHECK(length_of(List(20, {as_bytes("abc")}), Trains{}) == 1);
  CHECK(length_of(List(20, {as_bytes("abc")}), Trains{2}) == 1);
  CHECK(length_of(List(20, {as_bytes("abc")}), Trains{3}) == 20);
}

TEST_CASE("a device that takes no trains ends them") {
  CHECK(after_refusal(Trains::possible, -EIO, 3) == Trains{});
  CHECK(after_refusal(Trains::possible, -EOPNOTSUPP, 1200) == Trains{});
}

TEST_CASE("a route with small packets ends trains of larger datagrams only") {
  CHECK(after_refusal(Trains::possible, -EINVAL, 1200) == Trains{1199});
  CHECK(after_refusal(Trains::possible, -EMSGSIZE, 509) == Trains{508});
  CHECK(after_refusal(Trains::possible, -EINVAL, 508) == Trains{});
}

TEST_CASE("a failure that is not about trains changes nothing") {
  CHECK(after_refusal(Trains::possible, -ECONNREFUSED, 3) == Trains::possible);
  CHECK(after_refusal(Trains::possible, -ENOBUFS, 3) == Trains::possible);
}

}  // namespace hotline::net::datagram_train_test
