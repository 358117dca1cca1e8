#include "cli/remote_tree.h"

#include <doctest/doctest.h>

#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::cli::remote_tree_test {

TEST_CASE("without an answer of the server there are no entries, and why") {
  const test::TemporaryDirectory directory;
  test::on_loop(EngineKind::epoll, [&](engine::EventLoop&) {
    FileLink link(
        {.uri = "unix://" + directory.file("none"), .home = {}, .form = OutputForm::json});
    const RemoteTree tree = list_tree(link, {.depth = FileDepth::tree});
    CHECK(tree.entries.empty());
    REQUIRE(tree.failure);
    CHECK_FALSE(tree.failure->answer);
    link.finish();
  });
}

}  // namespace hotline::cli::remote_tree_test
