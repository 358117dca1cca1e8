#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <filesystem>

#include "support/file_homes.h"

// A server that is killed at any moment: what its home shows, and how it goes on.

namespace hotline::services::file_home_killed_test {
namespace {

using test::file_path;
using test::TestHome;

constexpr int kStepsMax = 7;

/// Returns what the upload `number` sends: all bytes are the same, and it is a block at least.
std::string content_of(unsigned number) {
  return std::string(kFileBlockBytes + 1 + number % 7, static_cast<char>('a' + number % 26));
}

PutFile request_of(unsigned number) {
  return {.path = file_path("a"),
          .size = content_of(number).size(),
          .replacement = {.on_exist = OnExist::replace},
          .key = test::sample_bytes(number)};
}

/// Reports each step to the test, which may kill it at any time.
void note_step(int steps) {
  if (::write(steps, "", 1) != 1) ::_exit(1);
}

void upload(TestHome& home, unsigned number, int steps) {
  const std::string content = content_of(number);
  auto begun = home->put(request_of(number));
  note_step(steps);
  auto& upload = std::get<UploadHold>(*begun);
  static_cast<void>(test::send_content(upload, content.substr(0, kFileBlockBytes)));
  note_step(steps);
  upload.leave();
  note_step(steps);
  static_cast<void>(test::put_content(*home.home, request_of(number), content));
  note_step(steps);
}

/// Changes the home until it is killed.
[[noreturn]] void serve(TestHome& home, int steps) {
  home.restart();
  for (unsigned number = 1;; ++number) {
    upload(home, number, steps);
    static_cast<void>(test::store_content(*home.home, "d/e/s", std::string(number, 's')));
    note_step(steps);
    static_cast<void>(home->move({.path = file_path("d/e"), .target = file_path("f")}));
    note_step(steps);
    static_cast<void>(home->remove({.path = file_path("f"), .depth = FileDepth::tree}));
  }
}

/// Lets a server work in a process of its own, and kills it after so many steps.
void kill_after(TestHome& home, int steps) {
  home.home.reset();
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) serve(home, ends[1]);
  ::close(ends[1]);
  for (int step = 0; step < steps; ++step) {
    char byte = 0;
    REQUIRE(::read(ends[0], &byte, 1) == 1);
  }
  ::kill(child, SIGKILL);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  ::close(ends[0]);
}

void check_whole(const TestHome& home, std::string_view name) {
  if (!std::filesystem::exists(home.path(name))) return;
  const std::string content = test::read_test_file(home.path(name));
  REQUIRE_FALSE(content.empty());
  CHECK(content == std::string(content.size(), content.front()));
}

/// Continues what is unfinished: what is kept must be a part of the content.
void finish_uploads(TestHome& home) {
  const auto uploads = home->uploads();
  REQUIRE(uploads);
  for (const UploadEntry& entry : *uploads) {
    const auto number = std::to_integer<unsigned>(entry.key.front());
    const std::string content = content_of(number);
    auto begun = home->put(request_of(number));
    REQUIRE(begun);
    auto& upload = std::get<UploadHold>(*begun);
    for (const BlockHash& hash : upload.kept_hashes()) {
      CHECK(hash == hash_of(as_bytes(content).first(kFileBlockBytes)));
    }
    REQUIRE(test::send_content(upload, content, upload.kept()));
    CHECK(upload.publish(content.size()));
    CHECK(test::read_test_file(home.path("a")) == content);
  }
  CHECK(home->uploads()->empty());
}

TEST_CASE("a home whose server is killed at any moment shows whole files, and goes on") {
  for (int steps = 1; steps <= kStepsMax; ++steps) {
    TestHome home;
    kill_after(home, steps);
    home.restart();
    check_whole(home, "a");
    check_whole(home, "d/e/s");
    check_whole(home, "f/s");
    finish_uploads(home);
    CHECK(home->quota().bytes_reserved == 0);
    const FileUsage used = home->used();
    CHECK(home->recount() == used);
  }
}

}  // namespace
}  // namespace hotline::services::file_home_killed_test
