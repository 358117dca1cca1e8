#include "engine/operations/send_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include "engine/engine.h"
#include "support/channels.h"
#include "support/disk_sample.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::engine::send_file_test {
namespace {

using test::DiskSample;

int perform(Channel& channel, const DiskFile& file, std::uint64_t offset, std::size_t size) {
  SendFile send(channel, file.descriptor(), offset, size);
  return Engine::current().perform(send, Deadline::never());
}

bool is_pending(int signal) {
  sigset_t pending;
  ::sigpending(&pending);
  return ::sigismember(&pending, signal) == 1;
}

}  // namespace

TEST_CASE("the bytes of a file are sent as far as it goes, on every engine") {
  const DiskSample sample("0123456789");
  test::on_each_engine([&] {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    const DiskFile file = sample.open();
    CHECK(perform(channel, file, 2, 3) == 3);
    CHECK(perform(channel, file, 8, 3) == 2);
    CHECK(perform(channel, file, 10, 3) == 0);
    CHECK(perform(channel, file, 1'000'000, 3) == 0);
    CHECK(test::receive_text(peer.get(), 5) == "23489");
  });
}

TEST_CASE("a file is sent by the kernel also after a thread has waited in a receive") {
  const DiskSample sample("0123456789");
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  test::make_busy(channel);
  CHECK(perform(channel, sample.open(), 2, 3) == 3);
}

TEST_CASE("what cannot be sent, or cannot be read, has to be read by the caller") {
  const DiskSample sample("0123456789");
  test::on_each_engine([&] {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    const DiskFile file = sample.open();
    CHECK(perform(channel, file, std::uint64_t{1} << 63, 3) == SendFile::kCannot);
    const UniqueFd folder(::open("/", O_RDONLY | O_CLOEXEC));
    SendFile directory(channel, folder.get(), 0, 3);
    CHECK(Engine::current().perform(directory, Deadline::never()) == SendFile::kCannot);
    ::fcntl(channel.fd(), F_SETFL, 0);
    CHECK(perform(channel, file, 0, 3) == SendFile::kCannot);
  });
}

TEST_CASE("without room it waits, and a deadline ends the wait, on every engine") {
  const DiskSample sample("0123456789");
  test::on_each_engine([&] {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    const DiskFile file = sample.open();
    test::fill(channel.fd());
    SendFile send(channel, file.descriptor(), 0, 3);
    CHECK(send.attempt() == -EAGAIN);
    const Instant now = Engine::current().now();
    CHECK(Engine::current().perform(send, Deadline::after(now, std::chrono::milliseconds(1))) ==
          -kDeadlineEnd);
  });
}

TEST_CASE("a peer that has gone is a failure without a signal, on every engine") {
  const DiskSample sample("0123456789");
  test::on_each_engine([&] {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    const DiskFile file = sample.open();
    peer.reset();
    CHECK(perform(channel, file, 0, 3) == -EPIPE);
    CHECK(!is_pending(SIGPIPE));
  });
}

TEST_CASE("a peer that goes while a part is sent raises no signal either") {
  const DiskSample sample(std::string(1024 * 1024, 's'));
  const DiskFile file = sample.open();
  for (int i = 0; i < 200; ++i) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    std::thread reader([&] {
      test::receive_text(peer.get(), 1);
      peer.reset();
    });
    int result = 0;
    do {
      result = perform(channel, file, 0, 1024 * 1024);
    } while (result >= 0);
    reader.join();
    CHECK(result == -EPIPE);
  }
}

TEST_CASE("a program that blocks the signal has it pending only if it had it before") {
  const DiskSample sample("0123456789");
  const DiskFile file = sample.open();
  sigset_t pipe;
  sigset_t before;
  ::sigemptyset(&pipe);
  ::sigaddset(&pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe, &before);
  for (const bool was_pending : {false, true}) {
    CAPTURE(was_pending);
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    if (was_pending) ::raise(SIGPIPE);
    peer.reset();
    CHECK(perform(channel, file, 0, 3) == -EPIPE);
    CHECK(is_pending(SIGPIPE) == was_pending);
    sigset_t after;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &after);
    CHECK(::sigismember(&after, SIGPIPE) == 1);
    const timespec now{};
    CHECK(::sigtimedwait(&pipe, nullptr, &now) == (was_pending ? SIGPIPE : -1));
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_CASE("a descriptor that is not open is an error of the socket") {
  const DiskSample sample("0123456789");
  Channel none{UniqueFd()};
  const DiskFile file = sample.open();
  SendFile send(none, file.descriptor(), 0, 3);
  CHECK(send.attempt() == -EBADF);
}

}  // namespace hotline::engine::send_file_test
