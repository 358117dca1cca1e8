#include "services/transfer_key.h"

#include <array>
#include <set>

#include <doctest/doctest.h>

namespace hotline::transfer_key_test {
namespace {

using services::transfer_key;

UploadKey key_of(std::array<std::string_view, 2> texts, std::array<std::uint64_t, 2> numbers) {
  return transfer_key(texts, numbers);
}

TEST_CASE("the same transfer has the same key, and each other one another") {
  CHECK(key_of({"a", "b"}, {1, 2}) == key_of({"a", "b"}, {1, 2}));
  const std::set<UploadKey> keys{key_of({"a", "b"}, {1, 2}), key_of({"ab", ""}, {1, 2}),
                                 key_of({"", "ab"}, {1, 2}), key_of({"a", "b"}, {2, 1}),
                                 key_of({"a", "b"}, {1, 3}), UploadKey{}};
  CHECK(keys.size() == 6);
}

}  // namespace
}  // namespace hotline::transfer_key_test
