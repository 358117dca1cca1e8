#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include "hotline/engine/task_group.h"
#include "hotline/engine/wait_descriptor.h"
#include "hotline/engine/yield.h"
#include "hotline/net/listener.h"
#include "hotline/net/stream.h"
#include "support/disk_sample.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::file_stream_test {
namespace {

using std::chrono::milliseconds;
using test::DiskSample;
using test::placed_bytes;

// More than sockets take, so that a file of this size has to wait for its peer.
constexpr std::size_t kMuch = 64 * 1024 * 1024;

// The same for UNIX sockets.
constexpr std::size_t kMuchForUnix = 4 * 1024 * 1024;

/// A stream and its peer's plain socket.
struct Call {
  Stream stream;
  UniqueFd peer;
};

Call tcp_call(const StreamOptions& options = {}) {
  ListenOptions listening;
  listening.stream = options;
  auto listener = listen(*Endpoint::parse("tcp://127.0.0.1:0"), listening);
  REQUIRE(listener);
  UniqueFd peer = test::connect_tcp(listener->endpoint().port());
  auto stream = listener->accept();
  REQUIRE(stream);
  return {std::move(*stream), std::move(peer)};
}

Call unix_call(const StreamOptions& options = {}) {
  auto [ours, peer] = test::stream_pair();
  auto stream = Stream::adopt(std::move(ours), options);
  REQUIRE(stream);
  return {std::move(*stream), std::move(peer)};
}

/// A file of `size` zeros that has no blocks on the disk.
DiskFile hole(const DiskSample& sample, std::size_t size) {
  DiskFile file = sample.open();
  REQUIRE(file.truncate(size));
  return file;
}

/// Returns what arrives while `send` sends it, as far as `size` bytes.
template <typename Send>
std::string arrived(Call& call, std::size_t size, Send send) {
  std::string text;
  std::thread reader([&] { text = test::receive_text(call.peer.get(), size); });
  const auto sent = send(call.stream);
  if (!sent) call.stream.abort();
  reader.join();
  CHECK(test::kind_of(sent) == "");
  return text;
}

/// Turns each byte around.
class Flipping final : public StreamLayer {
 public:
  Result<std::size_t> decode(Bytes&, MutableBytes, std::vector<std::byte>&) override { return 0; }
  Result<void> encode(Bytes plain, std::vector<std::byte>& out) override {
    for (const std::byte each : plain) out.push_back(~each);
    return {};
  }
  Result<void> encode_end(std::vector<std::byte>&) override { return {}; }
};

/// Keeps what was sent.
struct Kept final : TrafficTap {
  void received(const Endpoint&, Bytes) noexcept override {}
  void sent(const Endpoint&, Bytes bytes) noexcept override { text += as_text(bytes); }
  std::string text;
};

}  // namespace

TEST_CASE("the bytes of a file that were asked for arrive, over TCP and over UNIX sockets") {
  const std::string content = placed_bytes(3'000'000);
  const DiskSample sample(content);
  test::on_each_engine([&] {
    for (Call (*make)(const StreamOptions&) : {tcp_call, unix_call}) {
      Call call = make({});
      DiskFile file = sample.open();
      const std::string text = arrived(call, 2'900'000, [&](Stream& stream) {
        return stream.send_file(file, 1'001, 2'900'000);
      });
      CHECK(text == content.substr(1'001, 2'900'000));
      call.stream.close();
      CHECK(!test::is_reset(call.peer.get()));
    }
  });
}

TEST_CASE("a file goes after what was written before it, and before what is written after it") {
  const std::string content = placed_bytes(700'000);
  const DiskSample sample(content);
  test::on_each_engine([&] {
    Call call = tcp_call();
    DiskFile file = sample.open();
    const std::string head(500'000, 'h');
    const std::string text = arrived(call, 1'200'004, [&](Stream& stream) -> Result<void> {
      if (auto sent = stream.write_all(as_bytes(head)); !sent) return sent;
      if (auto sent = stream.send_file(file, 0, content.size()); !sent) return sent;
      return stream.write_all(as_bytes("tail"));
    });
    CHECK(text == head + content + "tail");
  });
}

TEST_CASE("what a write without waiting has left is sent before the file, through a layer too") {
  const DiskSample sample("file");
  test::on_each_engine([&] {
    Call call = unix_call();
    REQUIRE(call.stream.add_layer(std::make_unique<Flipping>()));
    REQUIRE(call.stream.handshake());
    DiskFile file = sample.open();
    const std::string much(1024 * 1024, 'm');
    const Bytes pieces[] = {as_bytes(much)};
    const std::size_t taken = call.stream.write_now(pieces);
    CHECK(taken > 0);
    std::string wanted = much.substr(0, taken) + "file";
    for (char& each : wanted) each = static_cast<char>(~each);
    const std::string text =
        arrived(call, wanted.size(), [&](Stream& stream) { return stream.send_file(file, 0, 4); });
    CHECK(text == wanted);
  });
}

TEST_CASE("sending nothing of a file always succeeds") {
  const DiskSample sample("12345");
  test::on_each_engine([&] {
    Call call = tcp_call();
    DiskFile file = sample.open();
    CHECK(call.stream.send_file(file, 0, 0));
    CHECK(call.stream.send_file(file, 1'000, 0));
    CHECK(call.stream.write_all(as_bytes("next")));
    call.stream.close();
    CHECK(test::receive_until_end(call.peer.get()) == "next");
  });
}

TEST_CASE("a file that was closed or moved from is a mistake of the program that sends it") {
  const DiskSample sample("12345");
  for (const bool is_moved : {false, true}) {
    const auto report = test::in_child_process([&] {
      Call call = unix_call();
      DiskFile file = sample.open();
      if (is_moved) const DiskFile other = std::move(file);
      if (!is_moved) static_cast<void>(file.close());
      static_cast<void>(call.stream.send_file(file, 0, 5));
    });
    CHECK(report.signal == SIGABRT);
    CHECK(report.error_text.starts_with("hotline: a DiskFile that was closed or moved from"));
  }
}

TEST_CASE("a file that is too short is sent as far as it goes, and the peer then sees a reset") {
  const DiskSample sample("12345");
  test::on_each_engine([&] {
    Call call = tcp_call();
    DiskFile file = sample.open();
    const auto sent = call.stream.send_file(file, 2, 4);
    REQUIRE(test::kind_of(sent) == "truncated");
    CHECK(sent.error().endpoint.find(sample.path()) != std::string::npos);
    CHECK(sent.error().detail == "it ends at byte 5, 1 bytes early");
    CHECK(call.stream.ended_with(ErrorKind::truncated));
    CHECK(test::receive_text(call.peer.get(), 3) == "345");
    CHECK(call.stream.write_all(as_bytes("x")));
    call.stream.close();
    CHECK(test::is_reset(call.peer.get()));
  });
}

TEST_CASE("bytes past the end of a file, and at places that no file has, are failures") {
  const DiskSample sample("12345");
  test::on_each_engine([&] {
    for (const auto& [offset, kind] : {std::pair<std::uint64_t, std::string>{5, "truncated"},
                                       {1'000'000'000'000, "truncated"},
                                       {std::uint64_t{1} << 63, "invalid_argument"}}) {
      Call call = tcp_call();
      DiskFile file = sample.open();
      CHECK(test::kind_of(call.stream.send_file(file, offset, 1)) == kind);
      call.stream.close();
      CHECK(test::is_reset(call.peer.get()));
    }
  });
}

TEST_CASE("a file that becomes shorter while it is sent is never sent to its end") {
  test::on_each_engine([&] {
    const DiskSample sample("");
    Call call = tcp_call();
    DiskFile file = hole(sample, kMuch);
    bool was_reset = false;
    std::thread peer([&] {
      test::wait_readable(call.peer.get());
      CHECK(::truncate(sample.path().c_str(), 1'000) == 0);
      was_reset = test::is_reset(call.peer.get());
    });
    CHECK(test::kind_of(call.stream.send_file(file, 0, kMuch)) == "truncated");
    call.stream.close();
    peer.join();
    CHECK(was_reset);
  });
}

TEST_CASE("a peer that goes while a file is sent is an error of the stream, without a signal") {
  const DiskSample sample("");
  test::on_each_engine([&] {
    for (Call (*make)(const StreamOptions&) : {tcp_call, unix_call}) {
      Call call = make({});
      DiskFile file = hole(sample, kMuch);
      std::thread peer([&] {
        test::wait_readable(call.peer.get());
        call.peer.reset();
      });
      const auto sent = call.stream.send_file(file, 0, kMuch);
      peer.join();
      CHECK(test::kind_of(sent) == "reset");
      CHECK(sent.error().endpoint == call.stream.peer().to_string());
      CHECK(test::kind_of(call.stream.send_file(file, 0, 1)) == "reset");
    }
  });
}

TEST_CASE("a peer that does not read has the write timeout") {
  const DiskSample sample("");
  test::on_each_engine([&] {
    StreamOptions options;
    options.timeouts.write = milliseconds(20);
    Call call = tcp_call(options);
    DiskFile file = hole(sample, kMuch);
    CHECK(test::kind_of(call.stream.send_file(file, 0, kMuch)) == "timed_out");
    call.stream.close();
    CHECK(test::is_reset(call.peer.get()));
  });
}

TEST_CASE("a cancel ends the sending of a file, and a drain does not") {
  const DiskSample sample("");
  test::on_each_engine([&] {
    for (const bool is_cancel : {false, true}) {
      Call call = unix_call();
      DiskFile file = hole(sample, kMuchForUnix);
      std::string kind = "none";
      TaskGroup group;
      const auto send = [&] { kind = test::kind_of(call.stream.send_file(file, 0, kMuchForUnix)); };
      REQUIRE(group.spawn("send", send));
      REQUIRE(group.spawn("end", [&] {
        REQUIRE(wait_readable(call.peer.get()));
        if (is_cancel) return group.cancel();
        group.drain();
      }));
      std::thread reader([&] {
        if (!is_cancel) test::receive_text(call.peer.get(), kMuchForUnix);
      });
      CHECK(group.join());
      reader.join();
      CHECK(kind == (is_cancel ? "cancelled" : ""));
    }
  });
}

TEST_CASE("a layer, and a tap, get the bytes of a file") {
  const std::string content = placed_bytes(300'000);
  const DiskSample sample(content);
  test::on_each_engine([&] {
    Kept tap;
    Call call = unix_call({.tap = &tap});
    REQUIRE(call.stream.add_layer(std::make_unique<Flipping>()));
    DiskFile file = sample.open();
    std::string text = arrived(call, content.size(), [&](Stream& stream) {
      return stream.send_file(file, 0, content.size());
    });
    for (char& each : text) each = static_cast<char>(~each);
    CHECK(text == content);
    CHECK(tap.text == content);
  });
}

TEST_CASE("a file goes to a socket in blocking mode, and the write timeout still applies") {
  const std::string content = placed_bytes(300'000);
  const DiskSample sample(content);
  test::on_each_engine([&] {
    Call call = unix_call();
    ::fcntl(call.stream.descriptor(), F_SETFL, 0);
    DiskFile file = sample.open();
    CHECK(arrived(call, content.size(), [&](Stream& stream) {
            return stream.send_file(file, 0, content.size());
          }) == content);
    REQUIRE(file.truncate(kMuch));
    call.stream.set_timeouts({.write = milliseconds(20)});
    CHECK(test::kind_of(call.stream.send_file(file, 0, kMuch)) == "timed_out");
    REQUIRE(file.truncate(0));
    REQUIRE(file.write_at(0, as_bytes(content)));
  });
}

TEST_CASE("a file of a file system that cannot send its files is sent all the same") {
  test::on_each_engine([&] {
    auto folder = Directory::open("/proc/self");
    REQUIRE(folder);
    auto file = folder->open_file("cmdline");
    REQUIRE(file);
    std::string content(4096, '\0');
    const auto size = file->read_at(0, std::as_writable_bytes(std::span(content)));
    REQUIRE(size);
    content.resize(*size);
    Call call = unix_call();
    CHECK(arrived(call, content.size(), [&](Stream& stream) {
            return stream.send_file(*file, 0, content.size());
          }) == content);
  });
}

TEST_CASE("a file that is not in memory is sent") {
  const std::string content = placed_bytes(1'000'000);
  const DiskSample sample(content);
  test::on_each_engine([&] {
    Call call = tcp_call();
    DiskFile file = sample.open();
    REQUIRE(file.sync_data());
    CHECK(::posix_fadvise(file.descriptor(), 0, 0, POSIX_FADV_DONTNEED) == 0);
    CHECK(arrived(call, content.size(), [&](Stream& stream) {
            return stream.send_file(file, 0, content.size());
          }) == content);
  });
}

TEST_CASE("a fiber that sends a large file lets others run, even if its peer always reads") {
  const DiskSample sample("");
  test::on_each_loop([&](engine::EventLoop&) {
    Call call = unix_call();
    DiskFile file = hole(sample, kMuchForUnix);
    bool is_over = false;
    std::size_t turns = 0;
    TaskGroup group;
    REQUIRE(group.spawn("other", [&] {
      while (!is_over) ++turns, yield();
    }));
    std::thread reader([&] { test::receive_text(call.peer.get(), kMuchForUnix); });
    CHECK(call.stream.send_file(file, 0, kMuchForUnix));
    is_over = true;
    CHECK(group.join());
    reader.join();
    CHECK(turns >= kMuchForUnix / (512 * 1024));
  });
}

}  // namespace hotline::file_stream_test
