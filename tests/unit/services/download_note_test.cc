#include "services/download_note.h"

#include <string>

#include <doctest/doctest.h>

#include "support/file_samples.h"
#include "support/temporary_directory.h"

namespace hotline::download_note_test {
namespace {

using services::DownloadNote;
using services::format_download_note;
using services::parse_download_note;

const DownloadNote::Text kText{.part_name = ".film.0123abcd.part",
                               .version = test::sample_version()};

TEST_CASE("a note says after a restart what was written") {
  test::TemporaryDirectory place;
  const std::string directory = place.path() + "/state/notes";
  const UploadKey key = test::sample_bytes(1);
  CHECK_FALSE(DownloadNote::find(directory, key).value());
  {
    const auto note = DownloadNote::make(directory, key);
    REQUIRE(note);
    REQUIRE(*note);
    CHECK_FALSE((*note)->read().value());
    REQUIRE((*note)->write({.part_name = ".a.part"}));
    REQUIRE((*note)->write(kText));
  }
  auto note = DownloadNote::find(directory, key);
  REQUIRE(note);
  REQUIRE(*note);
  CHECK((*note)->read().value() == kText);
  CHECK_FALSE(DownloadNote::find(directory, test::sample_bytes(2)).value());
  (*note)->remove();
  note->reset();
  CHECK_FALSE(DownloadNote::find(directory, key).value());
}

TEST_CASE("only one download at a time has a note") {
  test::TemporaryDirectory place;
  const UploadKey key = test::sample_bytes(1);
  auto first = DownloadNote::make(place.path(), key);
  REQUIRE(first.value());
  CHECK_FALSE(DownloadNote::make(place.path(), key).value());
  CHECK_FALSE(DownloadNote::find(place.path(), key).value());
  first->reset();
  CHECK(DownloadNote::find(place.path(), key).value());
}

TEST_CASE("a note that is damaged, or leads elsewhere, says nothing") {
  const std::string bytes = format_download_note(kText);
  CHECK(parse_download_note(bytes) == kText);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(parse_download_note(std::string_view(bytes).substr(0, size)));
  }
  CHECK_FALSE(parse_download_note(bytes + "x"));
  for (const std::string_view name :
       {"", ".part", "film.part", "../.part", ".a/b.part", ".film", "/etc/.part"}) {
    CHECK_FALSE(parse_download_note(format_download_note({.part_name = std::string(name)})));
  }
}

}  // namespace
}  // namespace hotline::download_note_test
