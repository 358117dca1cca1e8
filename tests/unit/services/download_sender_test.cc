#include "services/download_sender.h"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "support/served_files.h"

namespace hotline::services::download_sender_test {
namespace {

using namespace std::chrono_literals;
using test::ask_files;
using test::file_path;
using test::FileAsk;
using test::FileReceipt;
using test::sample_content;
using test::served_files;
using test::ServedFiles;

constexpr std::uint64_t kBlock = kFileBlockBytes;

PutFile upload_to(std::string_view path) { return {.path = file_path(path)}; }

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
