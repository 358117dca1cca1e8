#include "engine/mailbox.h"

#include <poll.h>

#include <memory>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::engine::mailbox_test {
namespace {

bool is_readable(const Mailbox& mailbox) {
  pollfd polled{.fd = mailbox.fd(), .events = POLLIN, .revents = 0};
  return ::poll(&polled, 1, 0) == 1;
}

}  // namespace

TEST_CASE("letters are taken in the order in which they were posted") {
  Mailbox mailbox;
  std::vector<int> read;
  for (int i = 0; i < 5; ++i) mailbox.post([&read, i] { read.push_back(i); });
  for (Mailbox::Letter& letter : mailbox.take_all()) letter();
  CHECK(read == std::vector{0, 1, 2, 3, 4});
  CHECK(mailbox.take_all().empty());
}

TEST_CASE("a mailbox is readable while there is a letter in it") {
  Mailbox mailbox;
  CHECK_FALSE(is_readable(mailbox));
  mailbox.post([] {});
  mailbox.post([] {});
  CHECK(is_readable(mailbox));
  CHECK(mailbox.take_all().size() == 2);
  CHECK_FALSE(is_readable(mailbox));
  mailbox.post([] {});
  CHECK(is_readable(mailbox));
}

TEST_CASE("a closed mailbox drops its letters and all later ones") {
  Mailbox mailbox;
  const auto kept = std::make_shared<int>(1);
  mailbox.post([kept] {});
  CHECK(kept.use_count() == 2);
  mailbox.close();
  CHECK(kept.use_count() == 1);
  mailbox.post([kept] {});
  CHECK(kept.use_count() == 1);
  CHECK(mailbox.take_all().empty());
}

TEST_CASE("a letter that is dropped may post another") {
  Mailbox mailbox;
  const std::shared_ptr<void> posts_when_it_goes(nullptr, [&](void*) { mailbox.post([] {}); });
  mailbox.post([held = posts_when_it_goes] {});
  mailbox.close();
  CHECK(mailbox.take_all().empty());
}

TEST_CASE("letters of many threads all arrive, those of each thread in order") {
  constexpr int kThreads = 4;
  constexpr int kLetters = 2000;
  Mailbox mailbox;
  std::vector<std::vector<int>> read(kThreads);
  std::vector<std::jthread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kLetters; ++i) mailbox.post([&read, t, i] { read[t].push_back(i); });
    });
  }
  std::size_t count = 0;
  while (count < kThreads * kLetters) {
    pollfd polled{.fd = mailbox.fd(), .events = POLLIN, .revents = 0};
    REQUIRE(::poll(&polled, 1, 10'000) == 1);
    for (Mailbox::Letter& letter : mailbox.take_all()) {
      letter();
      ++count;
    }
  }
  for (const std::vector<int>& of_thread : read) {
    REQUIRE(of_thread.size() == kLetters);
    for (int i = 0; i < kLetters; ++i) CHECK(of_thread[static_cast<std::size_t>(i)] == i);
  }
}

TEST_CASE("closing while others post loses nothing but the letters") {
  for (int round = 0; round < 200; ++round) {
    const auto mailbox = std::make_shared<Mailbox>();
    std::jthread poster([mailbox] {
      for (int i = 0; i < 50; ++i) mailbox->post([] {});
    });
    mailbox->take_all();
    mailbox->close();
  }
}

}  // namespace hotline::engine::mailbox_test
