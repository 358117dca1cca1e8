#include "services/durable_names.h"

#include <doctest/doctest.h>

namespace hotline::services::durable_names_test {
namespace {

TEST_CASE("a name is known to be durable from note() on, until it changes") {
  DurableNames names;
  CHECK_FALSE(names.contains(7));
  names.note(7, names.changes());
  CHECK(names.contains(7));
  names.note_changed(7);
  CHECK_FALSE(names.contains(7));
}

TEST_CASE("nothing is known of a name if one has changed while the disk was waited for") {
  DurableNames names;
  const std::uint64_t before = names.changes();
  names.note_changed(8);
  names.note(7, before);
  CHECK_FALSE(names.contains(7));
  names.note(7, names.changes());
  CHECK(names.contains(7));
}

TEST_CASE("a change of an unknown directory makes all names doubtful") {
  DurableNames names;
  names.note(7, names.changes());
  const std::uint64_t before = names.changes();
  names.clear();
  names.note(8, before);
  CHECK_FALSE(names.contains(7));
  CHECK_FALSE(names.contains(8));
}

TEST_CASE("it does not grow without end") {
  DurableNames names;
  for (std::uint64_t inode = 0; inode <= DurableNames::kDirectoriesMax; ++inode) {
    names.note(inode, names.changes());
  }
  CHECK_FALSE(names.contains(0));
  CHECK(names.contains(DurableNames::kDirectoriesMax));
}

}  // namespace
}  // namespace hotline::services::durable_names_test
