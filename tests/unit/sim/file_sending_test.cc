#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/directory.h"
#include "hotline/net/connect.h"
#include "hotline/net/listener.h"
#include "hotline/sim/world.h"
#include "support/disk_sample.h"
#include "support/loops.h"

namespace hotline::sim::file_sending_test {
namespace {

using test::placed_bytes;

constexpr std::size_t kSize = 200'000;

/// How one file went from one host to another.
struct Sending {
  std::string sent;      ///< The kind of the sender's error.
  std::string received;  ///< The bytes.
  std::string end;       ///< The kind of the receiver's end.
};

Result<DiskFile> make_file(std::string_view content) {
  const auto root = Directory::open("/");
  if (!root) return fail(root.error());
  auto file = root->create("file", 0600);
  if (!file) return file;
  if (auto written = file->write_at(0, as_bytes(content)); !written) return fail(written.error());
  return file;
}

void receive_all(Sending& sending) {
  auto call = connect("tcp://a:80");
  if (!call) {
    sending.end = test::kind_of(call);
    return;
  }
  for (;;) {
    const auto bytes = call->receive();
    if (!bytes) {
      sending.end = test::kind_of(bytes);
      return;
    }
    sending.received += as_text(*bytes);
  }
}

/// Sends `size` bytes of a file with that content. `while_sent` is called by another program of the
/// sender's host.
Outcome send(std::uint64_t seed, FaultPlan faults, Sending& sending, std::uint64_t size,
             const std::function<void()>& while_sent = {}) {
  WorldOptions options;
  options.faults = faults;
  options.loop.fiber_stack_bytes = 256 * 1024;
  World world(seed, options);
  world.host("a").run([&] {
    auto file = make_file(placed_bytes(kSize));
    auto listener = listen("tcp://:80");
    if (!file || !listener) return;
    auto call = listener->accept();
    if (!call) return;
    sending.sent = "none";
    const auto sent = call->send_file(*file, 0, size);
    sending.sent = test::kind_of(sent);
    if (sent) static_cast<void>(call->shut_down_writes());
    while (sent && call->receive()) continue;
  });
  world.host("b").run([&] {
    static_cast<void>(sleep_for(std::chrono::seconds(20)));
    receive_all(sending);
  });
  if (while_sent) {
    world.host("a").run([&] {
      static_cast<void>(sleep_for(std::chrono::milliseconds(20'010)));
      while_sent();
    });
  }
  return world.run();
}

}  // namespace

TEST_CASE("a file arrives whole in every world without faults") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    Sending sending;
    CHECK(send(seed, {}, sending, kSize).to_string() == "");
    CHECK(sending.sent == "");
    CHECK(sending.end == "closed");
    CHECK(sending.received == placed_bytes(kSize));
  }
}

TEST_CASE("in every world with faults, what arrives of a file is its beginning") {
  const std::string content = placed_bytes(kSize);
  int whole = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    Sending sending;
    CHECK(send(seed, FaultPlan::of_seed(seed), sending, kSize).to_string() == "");
    CHECK(content.starts_with(sending.received));
    whole += sending.received.size() == content.size() ? 1 : 0;
  }
  CHECK(whole > 10);
}

TEST_CASE("a file that is too short, or becomes it, ends with a reset in every world") {
  int truncated = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    Sending sending;
    CHECK(send(seed, {}, sending, kSize + 1).to_string() == "");
    CHECK(sending.sent == "truncated");
    CHECK(sending.end == "reset");
    Sending cut;
    const auto truncate = [] {
      const auto root = Directory::open("/");
      REQUIRE(root);
      auto file = root->open_for_writing("file");
      REQUIRE(file);
      CHECK(file->truncate(1'000));
    };
    CHECK(send(seed, {}, cut, kSize, truncate).to_string() == "");
    // It may have been sent before.
    CHECK(cut.end == (cut.sent == "" ? "closed" : "reset"));
    CHECK((cut.sent == "" || cut.sent == "truncated"));
    CHECK((cut.sent != "" || cut.received.size() == kSize));
    truncated += cut.sent == "truncated" ? 1 : 0;
  }
  CHECK(truncated > 0);
}

}  // namespace hotline::sim::file_sending_test
