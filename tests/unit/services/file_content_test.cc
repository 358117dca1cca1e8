#include "hotline/services/file_content.h"

#include <doctest/doctest.h>

namespace hotline::file_content_test {
namespace {

TEST_CASE("bytes in memory are a source from each offset to the end") {
  const ContentSource source = content_of(as_bytes("milk"));
  CHECK(as_text(source.next(0)->bytes) == "milk");
  CHECK(as_text(source.next(3)->bytes) == "k");
  CHECK(source.next(4)->is_end());
  CHECK(source.next(5)->is_end());
}

TEST_CASE("zeros are not the end of a source") {
  CHECK_FALSE(ContentPiece{.zeros = 1}.is_end());
  CHECK(ContentPiece().is_end());
}

}  // namespace
}  // namespace hotline::file_content_test
