#include "engine/passed_descriptors.h"

#include <sys/uio.h>

#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "support/sockets.h"

namespace hotline::engine::passed_descriptors_test {
namespace {

/// A message that arrives with descriptors. Each is one end of a pair whose other end shows whether
/// it has been closed.
class Parcel {
 public:
  /// Adds a control message of `type` with `count` descriptors.
  Parcel& add(int type, std::size_t count) {
    std::vector<int> numbers;
    for (std::size_t i = 0; i < count; ++i) {
      auto [passed, other] = test::stream_pair();
      others_.push_back(std::move(other));
      numbers.push_back(passed.release());
    }
    return put(type, numbers.data(), count * sizeof(int));
  }
  Parcel& put(int type, const void* data, std::size_t size) {
    cmsghdr header{};
    header.cmsg_level = SOL_SOCKET;
    header.cmsg_type = type;
    header.cmsg_len = CMSG_LEN(size);
    std::memcpy(control_.data() + used_, &header, sizeof header);
    if (size > 0) std::memcpy(control_.data() + used_ + CMSG_LEN(0), data, size);
    used_ += CMSG_SPACE(size);
    return *this;
  }
  std::size_t take(std::span<UniqueFd> wanted) {
    msghdr message{};
    message.msg_control = control_.data();
    message.msg_controllen = used_;
    return take_descriptors(message, wanted);
  }
  /// Returns true if the descriptor that was added at `index` has been closed.
  bool is_closed(std::size_t index) { return test::receive_text(others_[index].get(), 1).empty(); }
  void answer(std::size_t index) { test::send_text(others_[index].get(), "x"); }

 private:
  alignas(cmsghdr) std::array<char, 1024> control_{};
  std::size_t used_ = 0;
  std::vector<UniqueFd> others_;
};

}  // namespace

TEST_CASE("a message without control messages brings no descriptors") {
  std::array<UniqueFd, 3> wanted;
  CHECK(Parcel().take(wanted) == 0);
  CHECK(Parcel().add(SCM_RIGHTS, 0).take(wanted) == 0);
  CHECK_FALSE(wanted[0]);
}

TEST_CASE("the first descriptors are taken in order, and the others are closed") {
  for (const std::size_t count : {1U, 2U, 3U, 7U}) {
    CAPTURE(count);
    Parcel parcel;
    parcel.add(SCM_RIGHTS, count);
    std::array<UniqueFd, 2> wanted;
    CHECK(parcel.take(wanted) == std::min<std::size_t>(count, 2));
    for (std::size_t i = 0; i < std::min<std::size_t>(count, 2); ++i) {
      parcel.answer(i);
      CHECK(test::receive_text(wanted[i].get(), 1) == "x");
    }
    for (std::size_t i = 2; i < count; ++i) CHECK(parcel.is_closed(i));
  }
}

TEST_CASE("all control messages are read, and those of other kinds skipped") {
  Parcel parcel;
  const std::int64_t time[2] = {1, 2};
  parcel.put(SCM_TIMESTAMP, time, sizeof time).add(SCM_RIGHTS, 1);
  parcel.put(SCM_CREDENTIALS, time, 12).add(SCM_RIGHTS, 2).add(4, 1);
  std::array<UniqueFd, 1> wanted;
  CHECK(parcel.take(wanted) == 1);
  for (std::size_t i = 1; i < 4; ++i) CHECK(parcel.is_closed(i));
  CHECK(wanted[0]);
}

TEST_CASE("if no descriptors are wanted, all are closed") {
  Parcel parcel;
  parcel.add(SCM_RIGHTS, 6);
  CHECK(parcel.take({}) == 0);
  for (std::size_t i = 0; i < 6; ++i) CHECK(parcel.is_closed(i));
}

}  // namespace hotline::engine::passed_descriptors_test
