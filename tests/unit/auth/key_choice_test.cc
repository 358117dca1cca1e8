#include "auth/key_choice.h"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/loops.h"

namespace hotline::auth::key_choice_test {
namespace {

std::string padded(std::string id) {
  id.resize(Key::kServerIdDigits, '0');
  return id;
}

KeyRecord record(KeyList list, const std::string& name, const std::string& id) {
  return {list, {padded(id), name, Secret(Key::kSecretBytes)}, ""};
}

const std::vector<KeyRecord> kRecords = {
    record(KeyList::callers, "alice", "aa"),
    record(KeyList::callers, "bob", "aa"),
    record(KeyList::credentials, "alice", "aa"),
    record(KeyList::credentials, "alice", "bb"),
    record(KeyList::credentials, "carol", "cccccccccc0"),
    record(KeyList::credentials, "carol", "cccccccccc1"),
};

/// Returns the position of the chosen key, or the kind of the error.
std::string chosen(const KeySelector& wanted) {
  const auto found = choose_key(kRecords, wanted);
  return found ? std::to_string(*found) : test::kind_of(found);
}

}  // namespace

TEST_CASE("a key is chosen by as much as it takes to be the only one") {
  CHECK(chosen({"bob", ""}) == "1");
  CHECK(chosen({"bob", "aa", KeyList::callers}) == "1");
  CHECK(chosen({"alice", "", KeyList::callers}) == "0");
  CHECK(chosen({"alice", "b"}) == "3");
  CHECK(chosen({"alice", padded("bb")}) == "3");
  CHECK(chosen({"", "b"}) == "3");
  CHECK(chosen({"carol", "cccccccccc1"}) == "5");
}

TEST_CASE("a key that is not there is not found") {
  CHECK(chosen({"dave", ""}) == "not_found");
  CHECK(chosen({"bob", "b"}) == "not_found");
  CHECK(chosen({"bob", "", KeyList::credentials}) == "not_found");
  CHECK(chosen({"bob", padded("aa") + "0"}) == "not_found");
  CHECK(choose_key({}, {}).error().message() == "cannot find a key: there is none");
  CHECK(choose_key({}, {"a\n", "b", KeyList::callers}).error().message() ==
        "cannot find the key 'a\\n' for server b in callers: there is none");
}

TEST_CASE("several keys are an error that lists them") {
  CHECK(chosen({"", ""}) == "invalid_argument");
  CHECK(chosen({"alice", "aa"}) == "invalid_argument");
  CHECK(choose_key(kRecords, {"alice", ""}).error().message() ==
        "cannot find the key 'alice': there are 3: 'alice' for server aa000000 in callers, "
        "'alice' for server aa000000 in credentials and 'alice' for server bb000000 in "
        "credentials");
}

TEST_CASE("of many keys the error lists the first eight") {
  const std::vector<KeyRecord> many(20, record(KeyList::callers, "x", "aa"));
  const std::string detail = choose_key(many, {"x", ""}).error().detail;
  CHECK(std::ranges::count(detail, '\'') == 16);
  CHECK(detail.ends_with(" and 12 more"));
}

TEST_CASE("server ids are shortened as far as they can be told apart") {
  using Ids = std::vector<std::string>;
  CHECK(server_ids_of(kRecords, {"alice", ""}) == Ids{"aa000000", "bb000000"});
  CHECK(server_ids_of(kRecords, {"bob", ""}) == Ids{"aa000000"});
  CHECK(server_ids_of(kRecords, {"carol", ""}) == Ids{"cccccccccc0", "cccccccccc1"});
  CHECK(server_ids_of(kRecords, {"dave", ""}).empty());
}

}  // namespace hotline::auth::key_choice_test
