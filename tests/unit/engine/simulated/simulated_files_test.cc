#include "engine/simulated/simulated_files.h"

#include <cerrno>
#include <functional>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/directory.h"
#include "hotline/engine/file_work.h"
#include "hotline/engine/offload.h"
#include "support/loops.h"
#include "support/simulated.h"

namespace hotline::engine::simulated_files_test {
namespace {

using Existing = Directory::Existing;
using test::Simulation;

template <typename Value>
int code_of(const Result<Value>& result) {
  return result ? 0 : result.error().native_code;
}

Directory root() { return Directory::open("/").value(); }

std::string text_of(DiskFile file) {
  std::string text(file.status().value().size + 1, '?');
  text.resize(file.read_at(0, as_writable_bytes(text)).value());
  return text;
}

/// Replaces the file "name" as a service must. Stops at the first failure.
Result<void> publish(const std::string& content) {
  auto home = Directory::open("/home");
  if (!home) return fail(home.error());
  discard(home->remove_file("staged"));
  auto file = home->create("staged", 0600);
  if (!file) return fail(file.error());
  if (auto written = file->write_at(0, as_bytes(content)); !written) return written;
  if (auto synced = file->sync(); !synced) return synced;
  auto renamed = home->rename("staged", *home, "name", Existing::replace);
  return renamed ? home->sync() : renamed;
}

/// The same without waiting for the disk.
void publish_carelessly(const std::string& content) {
  Directory home = Directory::open("/home").value();
  home.create("staged", 0600).value().write_at(0, as_bytes(content)).value();
  home.rename("staged", home, "name", Existing::replace).value();
}

void make_home() {
  Directory top = root();
  top.make_directory("home", 0700).value();
  top.sync().value();
  publish("old").value();
}

std::string published() { return text_of(Directory::open("/home")->open_file("name").value()); }

const std::string kNew(3 * FileContent::kBlockBytes, 'n');

/// What a power cut during or after `act` leaves, for many seeds.
std::set<std::string> left_after(const std::function<void()>& act, FaultPlan faults = {}) {
  std::set<std::string> left;
  for (std::uint64_t seed = 1; seed <= 80; ++seed) {
    Simulation simulation(faults, {}, {}, seed);
    simulation.universe.plan = {};
    simulation.run([] { make_home(); });
    simulation.universe.plan = faults;
    simulation.run(act);
    simulation.universe.plan = {};
    simulation.loop.cut_power(simulation.a);
    simulation.run([&] { left.insert(published()); });
    CHECK(simulation.universe.broken.empty());
  }
  return left;
}

}  // namespace

TEST_CASE("files and directories work in a world as on a disk") {
  Simulation simulation;
  simulation.run([] {
    Directory top = root();
    CHECK(probe_confinement());
    REQUIRE(top.make_directory("a", 0700));
    CHECK(code_of(top.make_directory("a", 0700)) == EEXIST);
    Directory a = top.open_beneath("a").value();
    DiskFile file = a.create("x", 0640).value();
    REQUIRE(file.write_at(2, as_bytes("abc")));
    CHECK(file.status()->size == 5);
    CHECK(file.status()->mode == 0640);
    CHECK(file.set_mode(0600));
    CHECK(file.set_modified(DiskTime(std::chrono::seconds(7))));
    CHECK(a.status("x")->modified == DiskTime(std::chrono::seconds(7)));
    CHECK(text_of(top.open_file_beneath("a/x").value()) == std::string("\0\0abc", 5));
    CHECK(code_of(a.create("x", 0600)) == EEXIST);
    CHECK(code_of(a.open_file("y")) == ENOENT);
    CHECK(code_of(top.open_file("a")) == EISDIR);
    CHECK(code_of(a.open_beneath("..")) == EXDEV);
    CHECK(code_of(a.open_beneath("x")) == ENOTDIR);
    CHECK(code_of(Directory::open("/absent")) == ENOENT);
    CHECK(code_of(a.open_file("x")->write_at(0, as_bytes("x"))) == EBADF);
    CHECK(a.rename("x", top, "y", Existing::fail));
    CHECK(top.remove_directory("a"));
    CHECK(code_of(a.create("z", 0600)) == ENOENT);
    DiskFile copy = top.create("copy", 0600).value();
    CHECK(copy.copy_from(file, 0, 99).value() == 5);
    CHECK(copy.next_data(0).value() == FileExtent{0, 5});
    CHECK(copy.next_data(5).value() == std::nullopt);
    CHECK(copy.truncate(1));
    CHECK(copy.allocate(0, 100));
    CHECK(text_of(std::move(copy)) == std::string(1, '\0'));
    CHECK(top.space()->bytes_available > 0);
  });
  CHECK(simulation.loop.descriptors().describe_open().empty());
  CHECK(simulation.universe.broken.empty());
}

TEST_CASE("each host has files of its own, which outlive its programs") {
  Simulation simulation;
  simulation.run([] { CHECK(root().make_directory("a", 0700)); });
  simulation.run([] { CHECK(root().open_beneath("a")); });
  simulation.start(simulation.b, [] { CHECK(code_of(root().open_beneath("a")) == ENOENT); });
  CHECK(simulation.run());
}

TEST_CASE("names are listed once each, also across readers") {
  Simulation simulation;
  simulation.run([] {
    Directory top = root();
    std::set<std::string> made;
    for (int i = 0; i < 50; ++i) made.insert(std::to_string(i));
    for (const std::string& name : made) REQUIRE(top.create(name, 0600));
    std::set<std::string> found;
    std::uint64_t position = 0;
    for (std::size_t count = 1; count > 0;) {
      DirectoryReader reader = top.entries({.from = position}).value();
      const auto part = reader.next(7).value();
      for (const DirectoryEntry& each : part) CHECK(found.insert(each.name).second);
      count = part.size();
      position = reader.position();
    }
    CHECK(found == made);
  });
}

TEST_CASE("a lock excludes other programs until its holder is killed") {
  Simulation simulation;
  auto& holder = simulation.start(simulation.a, [] {
    Directory top = root();
    CHECK(top.try_lock().value());
    discard(sleep_for(std::chrono::hours(1)));
  });
  simulation.loop.run_until([&] { return simulation.universe.elapsed() > std::chrono::minutes(1); },
                            simulation.universe.now + std::chrono::minutes(2));
  bool has_lock = false;
  simulation.start(simulation.a, [&] {
    Directory top = root();
    CHECK_FALSE(top.try_lock().value());
    CHECK(top.lock());
    has_lock = true;
  });
  simulation.universe.after(std::chrono::minutes(3), [&] { simulation.loop.kill(holder); });
  CHECK(simulation.run());
  CHECK(has_lock);
}

TEST_CASE("offloaded work uses files too") {
  Simulation simulation;
  simulation.run([] {
    const auto made = offload([] { return code_of(root().make_directory("a", 0700)); });
    CHECK(made.value() == 0);
    CHECK(root().open_beneath("a"));
  });
}

TEST_CASE("a deadline ends a call before it begins, or the call has its effect") {
  int ended = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Simulation simulation({}, {}, {}, seed);
    simulation.run([&] {
      Directory top = root();
      Result<void> made;
      {
        const DeadlineScope scope(deadline_after(std::chrono::milliseconds(2)));
        made = top.make_directory("a", 0700);
      }
      if (!made) ++ended;
      CHECK(made.has_value() == top.status("a").has_value());
      if (!made) CHECK(made.error().kind == ErrorKind::timed_out);
    });
  }
  CHECK(ended > 0);
  CHECK(ended < 100);
}

TEST_CASE("what was published durably survives every power cut") {
  CHECK(left_after([] { publish(kNew).value(); }) == std::set<std::string>{kNew});
}

TEST_CASE("what was published carelessly may be lost, cut off or full of zeros") {
  const auto left = left_after([] { publish_carelessly(kNew); });
  CHECK(left.contains("old"));
  CHECK(left.contains(kNew));
  CHECK(left.contains(""));
  CHECK(left.size() > 4);
}

TEST_CASE("without a sync of the directory a new version may be lost, but is never in parts") {
  const auto left = left_after([] {
    Directory home = Directory::open("/home").value();
    DiskFile file = home.create("staged", 0600).value();
    file.write_at(0, as_bytes(kNew)).value();
    file.sync_data().value();
    home.rename("staged", home, "name", Existing::replace).value();
  });
  CHECK(left == std::set<std::string>{"old", kNew});
}

TEST_CASE("with every fault of a disk a name shows the old or the new, and what succeeded stays") {
  FaultPlan faults;
  faults.set(Fault::short_file_call, 300'000)
      .set(Fault::file_interruption, 100'000)
      .set(Fault::disk_full, 50'000)
      .set(Fault::sync_failure, 100'000)
      .set(Fault::disk_delay, 100'000);
  FaultCounts counts;
  int succeeded = 0;
  for (std::uint64_t seed = 1; seed <= 120; ++seed) {
    CAPTURE(seed);
    Simulation simulation({}, {}, {}, seed);
    simulation.run([] { make_home(); });
    simulation.universe.plan = faults;
    Result<void> done = fail(make_error(ErrorKind::closed, "publish", {}, {}));
    simulation.start(simulation.a, [&] { done = publish(kNew); });
    // In one world of two the power is cut at any moment.
    const Duration moment = simulation.universe.chance.between({}, std::chrono::milliseconds(100));
    bool may_cut = simulation.universe.chance.below(2) == 0;
    simulation.universe.after(moment, [&] {
      if (may_cut) simulation.loop.cut_power(simulation.a);
    });
    CHECK(simulation.run());
    may_cut = false;
    simulation.universe.plan = {};
    simulation.loop.cut_power(simulation.a);
    std::string left;
    simulation.run([&] { left = published(); });
    CHECK((left == "old" || left == kNew));
    if (done) {
      ++succeeded;
      CHECK(left == kNew);
    }
    counts += simulation.universe.counts;
    CHECK(simulation.universe.broken.empty());
  }
  CHECK(succeeded > 10);
  for (const Fault each : {Fault::short_file_call, Fault::file_interruption, Fault::disk_full,
                           Fault::sync_failure, Fault::disk_delay}) {
    CHECK(counts[each] > 0);
  }
}

TEST_CASE("power can be cut between two calls of one piece of file work") {
  std::set<int> made;
  for (std::uint64_t seed = 1; seed <= 80; ++seed) {
    CAPTURE(seed);
    Simulation simulation({}, {}, {}, seed);
    int calls = 0;
    simulation.start(simulation.a, [&] {
      discard(file_work([&] {
        const auto top = Directory::open("/");
        if (top && top->make_directory("first", 0700)) ++calls;
        if (top && top->make_directory("second", 0700)) ++calls;
      }));
    });
    const Duration moment = simulation.universe.chance.between({}, std::chrono::milliseconds(40));
    simulation.universe.after(moment, [&] { simulation.loop.cut_power(simulation.a); });
    CHECK(simulation.run());
    made.insert(calls);
    CHECK(simulation.universe.broken.empty());
  }
  CHECK(made == std::set{0, 1, 2});
}

TEST_CASE("bytes that change on the disk are read as they are") {
  Simulation simulation;
  simulation.run([&] {
    DiskFile file = root().create("x", 0600).value();
    file.write_at(0, as_bytes("abc")).value();
    simulation.universe.plan.set(Fault::disk_corruption, 1'000'000);
    CHECK(text_of(root().open_file("x").value()) != "abc");
  });
}

}  // namespace hotline::engine::simulated_files_test
