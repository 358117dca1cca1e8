#include "services/small_file_queue.h"

#include <new>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/event.h"
#include "hotline/engine/task_group.h"
#include "hotline/engine/yield.h"
#include "support/loops.h"
#include "support/memory_shortage.h"
#include "support/served_files.h"

namespace hotline::services::small_file_queue_test {
namespace {

using test::file_path;
using test::FileAsk;
using test::FileReceipt;
using test::served_files;
using test::ServedFiles;

}  // namespace

TEST_CASE("many small files at once are stored in groups, each with its own answer") {
  served_files([](ServedFiles& server) {
    std::vector<FileAsk> asks;
    for (int i = 0; i < 150; ++i) {
      const std::string content = std::to_string(i);
      PutSmallFile request{.path = file_path("f" + std::to_string(i % 140)),
                           .root = root_of(as_bytes(content)),
                           .content = content};
      if (i % 10 == 9) request.root = test::sample_hash();
      asks.emplace_back(*server.client, request);
    }
    for (std::size_t i = 0; i < asks.size(); ++i) {
      CAPTURE(i);
      const FileReceipt receipt = asks[i].finish();
      const bool is_second = i >= 140 && i % 10 != 9;
      CHECK(receipt.has_failed(FileErrorCode::integrity) == (i % 10 == 9));
      CHECK(receipt.has_failed(FileErrorCode::exists) == is_second);
    }
    CHECK(server.root.entry_count("alice") == 126);
    CHECK(server.root.content("alice", "f8") == "8");
  });
}

TEST_CASE("a group whose storing throws fails, and the next one is stored") {
  test::on_each_loop([](engine::EventLoop&) {
    Event goes_on;
    int groups = 0;
    SmallFileQueue queue([&](std::span<const PutSmallFile> requests) {
      ++groups;
      CHECK(goes_on.wait());
      goes_on.set();
      if (groups == 2) throw std::bad_alloc();
      return std::vector<FileOutcome<FileVersion>>(requests.size(), FileVersion());
    });
    int stored = 0;
    int busy = 0;
    int thrown = 0;
    TaskGroup group;
    for (int i = 0; i < 5; ++i) {
      REQUIRE(group.spawn("store", [&] {
        try {
          const auto outcome = queue.store({.path = file_path("f")});
          ++(outcome ? stored : busy);
          if (!outcome) CHECK(outcome.error().is_retryable);
        } catch (const std::bad_alloc&) {
          ++thrown;
        }
      }));
    }
    for (int i = 0; i < 5; ++i) yield();
    goes_on.set();
    CHECK(group.join());
    // The first one is alone; the others are the group after it.
    CHECK(stored == 1);
    CHECK(thrown == 1);
    CHECK(busy == 3);
    CHECK(queue.store({.path = file_path("f")}));
  });
}

TEST_CASE("without memory a file is not stored, or is, and all that wait get an answer") {
  test::on_each_loop([](engine::EventLoop&) {
    test::with_each_allocation_failing([](std::size_t spared) {
      Event goes_on;
      std::optional<test::MemoryShortage> shortage;
      int groups = 0;
      SmallFileQueue queue([&](std::span<const PutSmallFile> requests) {
        std::vector<FileOutcome<FileVersion>> outcomes(requests.size(), FileVersion());
        if (++groups > 1) return outcomes;
        CHECK(goes_on.wait());
        // The group that has come in the meantime is taken next.
        shortage.emplace(spared, test::MemoryShortage::Extent::one);
        return outcomes;
      });
      int answered = 0;
      TaskGroup group;
      for (int i = 0; i < 4; ++i) {
        REQUIRE(group.spawn("store", [&] {
          try {
            static_cast<void>(queue.store({.path = file_path("f")}));
          } catch (const std::bad_alloc&) {
          }
          ++answered;
        }));
      }
      for (int i = 0; i < 4; ++i) yield();
      goes_on.set();
      const auto joined = group.join();
      const bool has_struck = shortage->has_struck();
      shortage.reset();
      CHECK(joined);
      CHECK(answered == 4);
      CHECK(groups < 10);
      return has_struck;
    });
  });
}

}  // namespace hotline::services::small_file_queue_test
