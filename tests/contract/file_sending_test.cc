#include <doctest/doctest.h>

#include <cerrno>

#include "contract/wait_rig.h"
#include "engine/engine.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/directory.h"
#include "support/temporary_directory.h"

using namespace hotline;
using contract::wait_rig;
using std::chrono::milliseconds;

namespace {

using End = contract::WaitRig::End;
using Pair = contract::WaitRig::Pair;

// More than the sockets of a row take.
constexpr std::uint64_t kBytes = 8 * 1024 * 1024;

/// Returns a file of zeros on the disk of the row.
Result<DiskFile> make_zeros() {
  const test::TemporaryDirectory real;
  const bool is_real = !engine::Engine::current().is_simulated();
  const auto folder = Directory::open(is_real ? real.path() : "/");
  if (!folder) return fail(folder.error());
  // An earlier run in the same world has made it.
  const auto removed = folder->remove_file("zeros");
  if (!removed && removed.error().native_code != ENOENT) return fail(removed.error());
  auto file = folder->create("zeros", 0600);
  if (!file) return file;
  if (auto sized = file->truncate(kBytes); !sized) return fail(sized.error());
  return file;
}

/// Returns how sending a file to a side that reads nothing ends.
End send_zeros(Result<Pair> (*make)()) {
  auto file = make_zeros();
  if (!file) return file.error().kind;
  auto pair = make();
  if (!pair) return pair.error().kind;
  const auto sent = pair->stream.send_file(*file, 0, kBytes);
  return sent ? End() : sent.error().kind;
}

End send_plainly() {
  return send_zeros([] { return wait_rig().make_pair(); });
}

End send_over_tls() {
  return send_zeros([] { return wait_rig().make_tls_pair(); });
}

}  // namespace

TEST_CASE("A deadline ends the sending of a file") {
  for (const auto& send : {send_plainly, send_over_tls}) {
    wait_rig().run([&] {
      const DeadlineScope scope(deadline_after(milliseconds(15)));
      CHECK(send() == ErrorKind::timed_out);
    });
  }
}

TEST_CASE("A deadline that has already passed ends the sending of a file at once") {
  for (const auto& send : {send_plainly, send_over_tls}) {
    wait_rig().run([&] {
      const DeadlineScope scope(Deadline::at(now()));
      CHECK(send() == ErrorKind::timed_out);
    });
  }
}

TEST_CASE("A cancel ends the sending of a file") {
  for (const auto& send : {send_plainly, send_over_tls}) {
    CHECK(wait_rig().cancel_after(milliseconds(10), send) == ErrorKind::cancelled);
    CHECK(wait_rig().cancel_after(milliseconds(0), send) == ErrorKind::cancelled);
  }
}
