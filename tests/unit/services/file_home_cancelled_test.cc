#include <chrono>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/event.h"
#include "hotline/engine/task_group.h"
#include "hotline/engine/yield.h"
#include "services/file_home.h"
#include "services/gathered_writes.h"
#include "support/file_homes.h"
#include "support/loops.h"

// What requests of a home leave whose fibers are cancelled.

namespace hotline::services::file_home_cancelled_test {
namespace {

using test::code_of;
using test::file_path;
using test::TestHome;

/// Starts `request` on a fiber, and cancels it somewhere.
void cancel_somewhere(int yields, const std::function<void()>& request) {
  TaskGroup group;
  REQUIRE(group.spawn("request", [&] { request(); }));
  for (int i = 0; i < yields; ++i) yield();
  if (yields % 3 == 2) discard(sleep_for(std::chrono::microseconds(50 * yields)));
  group.cancel();
  CHECK(group.join());
}

TEST_CASE("an upload whose fiber is cancelled is kept, and goes on in another one") {
  test::on_each_loop([](engine::EventLoop&) {
    TestHome home;
    home.options.durability = FileDurability::full;
    home.restart();
    const std::string content = test::sample_content(2 * kFileBlockBytes);
    const PutFile request{
        .path = file_path("a"), .size = content.size(), .key = test::sample_bytes(1)};
    TaskGroup group;
    Event is_waiting;
    REQUIRE(group.spawn("upload", [&] {
      auto begun = home->put(request);
      auto& upload = std::get<UploadHold>(*begun);
      CHECK(test::send_content(upload, content.substr(0, kFileBlockBytes)));
      is_waiting.set();
      CHECK_FALSE(sleep_for(std::chrono::hours(1)));
      const std::string enough(GatheredWrites::kBytesMax, 'x');
      CHECK(code_of(upload.write(kFileBlockBytes, as_bytes(enough))) == FileErrorCode::draining);
      upload.leave();
    }));
    CHECK(is_waiting.wait());
    group.cancel();
    CHECK(group.join());
    auto begun = home->put(request);
    REQUIRE(begun);
    auto& upload = std::get<UploadHold>(*begun);
    CHECK(upload.kept() == kFileBlockBytes);
    REQUIRE(test::send_content(upload, content, kFileBlockBytes));
    CHECK(upload.publish(content.size()));
    CHECK(test::read_test_file(home.path("a")) == content);
  });
}

TEST_CASE("an upload without a key whose fiber is cancelled leaves no file") {
  test::on_each_loop([](engine::EventLoop&) {
    TestHome home;
    TaskGroup group;
    Event is_waiting;
    REQUIRE(group.spawn("upload", [&] {
      auto begun = home->put({.path = file_path("a"), .size = 10});
      auto& upload = std::get<UploadHold>(*begun);
      CHECK(upload.write(0, as_bytes("12345")));
      is_waiting.set();
      CHECK_FALSE(sleep_for(std::chrono::hours(1)));
      upload.leave();
    }));
    CHECK(is_waiting.wait());
    CHECK(home->quota().bytes_reserved == 10);
    group.cancel();
    CHECK(group.join());
    CHECK(test::count_names(home.staging()) == 0);
    CHECK(home->quota().bytes_reserved == 0);
  });
}

TEST_CASE("what a fiber that is cancelled has confirmed outlives the server") {
  test::on_each_loop([](engine::EventLoop&) {
    TestHome home;
    const std::string content = test::sample_content(2 * kFileBlockBytes);
    const PutFile request{
        .path = file_path("a"), .size = content.size(), .key = test::sample_bytes(1)};
    TaskGroup group;
    Event is_waiting;
    REQUIRE(group.spawn("upload", [&] {
      auto begun = home->put(request);
      auto& upload = std::get<UploadHold>(*begun);
      CHECK(test::send_content(upload, content.substr(0, kFileBlockBytes)));
      is_waiting.set();
      CHECK_FALSE(sleep_for(std::chrono::hours(1)));
      upload.leave();
    }));
    CHECK(is_waiting.wait());
    group.cancel();
    CHECK(group.join());
    home.restart();
    const auto begun = home->put(request);
    REQUIRE(begun);
    CHECK(std::get<UploadHold>(*begun).kept() == kFileBlockBytes);
  });
}

TEST_CASE("a request that is cancelled anywhere leaves nothing in the staging, and a right quota") {
  test::on_each_loop([](engine::EventLoop&) {
    TestHome home;
    home.options.durability = FileDurability::full;
    home.restart();
    for (int i = 0; i < 20; ++i) {
      REQUIRE(test::store_content(*home.home, "d/" + std::to_string(i) + "/f", "123"));
    }
    for (int i = 0; i < 16; ++i) {
      const std::string name = std::to_string(i);
      cancel_somewhere(i, [&] {
        static_cast<void>(home->copy(
            {.path = file_path("d"), .target = file_path("c" + name), .depth = FileDepth::tree}));
      });
      cancel_somewhere(i, [&] {
        std::vector<PutSmallFile> requests(
            8, {.parents = MissingParents::make, .content = std::string("1")});
        for (std::size_t k = 0; k < requests.size(); ++k) {
          requests[k].path = file_path("s" + name + "/" + std::to_string(k));
        }
        static_cast<void>(home->store_all(requests));
      });
      cancel_somewhere(i, [&] {
        static_cast<void>(
            home->move({.path = file_path("s" + name), .target = file_path("m" + name)}));
      });
      cancel_somewhere(i, [&] {
        static_cast<void>(home->remove({.path = file_path("c" + name), .depth = FileDepth::tree}));
      });
      CHECK(test::count_names(home.staging()) == 0);
      CHECK(home->quota().bytes_reserved == 0);
    }
    const FileUsage used = home->used();
    CHECK(home->recount() == used);
  });
}

}  // namespace
}  // namespace hotline::services::file_home_cancelled_test
