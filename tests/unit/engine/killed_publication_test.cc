#include <signal.h>

#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/directory.h"
#include "support/loops.h"
#include "support/temporary_directory.h"
#include "torture/death.h"

namespace hotline::killed_publication_test {
namespace {

const std::string kOld(5'000, 'o');
const std::string kNew(300'000, 'n');

/// Replaces the file "name" of the directory as a service must: beside it, durably, at once.
void publish(const std::string& path, const std::string& content) {
  Directory directory = Directory::open(path).value();
  discard(directory.remove_file("staged"));
  DiskFile file = directory.create("staged", 0600).value();
  file.allocate(0, content.size()).value();
  file.write_at(0, as_bytes(content)).value();
  file.set_mode(0644).value();
  file.set_modified(DiskTime(std::chrono::seconds(1'000'000'000))).value();
  file.sync().value();
  directory.rename("staged", directory, "name", Directory::Existing::replace).value();
  directory.sync().value();
}

std::string published(const std::string& path) {
  DiskFile file = Directory::open(path).value().open_file("name").value();
  std::string content(kNew.size() + 1, '?');
  content.resize(file.read_at(0, as_writable_bytes(content)).value());
  return content;
}

/// Publishes in a child process that is killed after so many calls. Returns true if it was.
bool is_killed(EngineKind engine, const std::string& path, long long calls) {
  const auto report = test::in_child_process([&] {
    test::on_loop(engine, [&](engine::EventLoop&) {
      death_after(calls);
      publish(path, kNew);
      death_after(0);
    });
  });
  CHECK((report.signal == SIGKILL || report.exit_status == 0));
  return report.signal == SIGKILL;
}

}  // namespace

TEST_CASE(
    "a process that is killed after any of its file calls leaves the old or the new content") {
  for (const EngineKind engine : test::loop_engines()) {
    const test::TemporaryDirectory folder;
    long long calls = 1;
    bool is_new = false;
    for (;; ++calls) {
      CAPTURE(calls);
      publish(folder.path(), kOld);
      if (!is_killed(engine, folder.path(), calls)) break;
      const std::string content = published(folder.path());
      CHECK((content == kOld || content == kNew));
      // What was published before the death stays so with one after a later call.
      CHECK((content == kNew) >= is_new);
      is_new = content == kNew;
    }
    CHECK(calls == 9);
    CHECK(is_new);
    CHECK(published(folder.path()) == kNew);
  }
}

TEST_CASE("calls that change files are counted, and others are not") {
  const test::TemporaryDirectory folder;
  death_after(0);
  publish(folder.path(), kOld);
  CHECK(death_count() == 8);
  CHECK(published(folder.path()) == kOld);
  CHECK(death_count() == 8);
}

}  // namespace hotline::killed_publication_test
