#include "services/download_sender.h"

#include <string>

#include <doctest/doctest.h>

#include "support/served_files.h"

namespace hotline::services::download_sender_test {
namespace {

using test::FileReceipt;
using test::sample_content;
using test::served_files;
using test::ServedFiles;
using test::upload_to;

constexpr std::uint64_t kBlock = kFileBlockBytes;

}  // namespace

TEST_CASE("a large file with a digest is stored and returned, and its holes are not sent") {
  std::string content = sample_content(2 * kBlock + 1'000);
  content.replace(kBlock / 2, kBlock, kBlock, '\0');
  served_files([&](ServedFiles& server) {
    PutFile request = upload_to("deep/er/b");
    request.parents = MissingParents::make;
    request.digest = FileDigestKind::md5;
    CHECK(server.put(request, content).is_proven());
    CHECK(server.root.content("alice", "deep/er/b") == content);
    const auto before = server.counters->bytes_sent.load();
    const FileReceipt got =
        server.ask(GetFile{.path = request.path, .digest = FileDigestKind::sha256});
    CHECK(got.is_proven());
    CHECK(got.content == content);
    CHECK(server.counters->bytes_sent - before < content.size() - kBlock / 2);
    const FileReceipt part =
        server.ask(GetFile{.path = request.path, .offset = kBlock, .length = 9});
    CHECK(part.is_proven());
    CHECK(part.content == content.substr(kBlock, 9));
  });
}

}  // namespace hotline::services::download_sender_test
