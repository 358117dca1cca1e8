#include "hotline/auth/key_store.h"

#include <sys/stat.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "engine/private_directory.h"
#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::key_store_test {
namespace {

struct Home {
  test::TemporaryDirectory folder{};
  KeyStore store{folder.file("keys")};

  std::string path(const std::string& name) const { return store.directory() + "/" + name; }

  std::string text(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(path(name)).rdbuf();
    return text.str();
  }

  void write(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    std::ofstream(path(name)) << text;
    REQUIRE(::chmod(path(name).c_str(), mode) == 0);
  }

  /// Returns the names of the keys with their lists: `alice@callers`.
  std::set<std::string> names() const {
    std::set<std::string> names;
    const auto records = store.read();
    REQUIRE(records);
    for (const KeyRecord& each : *records) {
      names.insert(each.key.name + "@" + std::string(name_of(each.list)));
    }
    return names;
  }
};

using Names = std::set<std::string>;

}  // namespace

TEST_CASE("a home without files has no keys, and reading does not make them") {
  const Home home;
  CHECK(home.names().empty());
  struct stat status {};
  CHECK(::stat(home.store.directory().c_str(), &status) != 0);
}

TEST_CASE("a key that is made is accepted from its caller") {
  const Home home;
  const auto key = home.store.create("alice");
  REQUIRE(key);
  CHECK(key->name == "alice");
  CHECK(Key::is_server_id(key->server_id));
  CHECK(home.names() == Names{"alice@callers"});
  const auto records = home.store.read();
  CHECK((records->front().key == *key));
  CHECK(records->front().created.size() == 20);
  CHECK(records->front().created.starts_with("20"));
}

TEST_CASE("all keys of a home have its server id, and different secrets") {
  const Home home;
  const auto alice = home.store.create("alice");
  const auto bob = home.store.create("bob");
  REQUIRE((alice && bob));
  CHECK(alice->server_id == bob->server_id);
  CHECK_FALSE((alice->secret == bob->secret));
  REQUIRE(home.store.remove({"alice", ""}));
  REQUIRE(home.store.remove({"bob", ""}));
  CHECK(home.store.create("carol")->server_id == alice->server_id);
  CHECK(Home().store.create("alice")->server_id != alice->server_id);
}

TEST_CASE("a key that is added is presented to its server") {
  const Home server;
  const Home caller;
  const auto key = server.store.create("alice");
  REQUIRE(key);
  const auto added = caller.store.add(*key);
  REQUIRE(added);
  CHECK(*added == KeyStore::Added::now);
  CHECK(caller.names() == Names{"alice@credentials"});
  CHECK(server.names() == Names{"alice@callers"});
  CHECK((caller.store.read()->front().key == *key));
}

TEST_CASE("adding a key again changes nothing") {
  const Home home;
  const Key key = Key::random(Key::random_server_id(), "alice");
  REQUIRE(home.store.add(key));
  const std::string before = home.text("credentials");
  const auto again = home.store.add(key);
  REQUIRE(again);
  CHECK(*again == KeyStore::Added::before);
  CHECK(home.text("credentials") == before);
}

TEST_CASE("another key of a name for the same server is refused, for another server it is not") {
  const Home home;
  const Key key = Key::random(Key::random_server_id(), "alice");
  REQUIRE(home.store.add(key));
  const auto refused = home.store.add(Key::random(key.server_id, "alice"));
  CHECK(test::kind_of(refused) == "invalid_argument");
  CHECK(refused.error().hint() == "remove that key first");
  CHECK(home.store.add(Key::random(Key::random_server_id(), "alice")));
  CHECK(home.store.read()->size() == 2);
}

TEST_CASE("a name that is taken, or not allowed, is refused and changes nothing") {
  const Home home;
  REQUIRE(home.store.create("alice"));
  const std::string before = home.text("callers");
  for (const char* name : {"alice", "", ".a", "a b", "../a"}) {
    CAPTURE(name);
    CHECK(test::kind_of(home.store.create(name)) == "invalid_argument");
  }
  CHECK(home.text("callers") == before);
}

TEST_CASE("a removed key is gone from its list only") {
  const Home home;
  const auto key = home.store.create("alice");
  REQUIRE(key);
  REQUIRE(home.store.create("bob"));
  REQUIRE(home.store.add(*key));
  CHECK(test::kind_of(home.store.remove({"alice", ""})) == "invalid_argument");
  const auto removed = home.store.remove({"alice", "", KeyList::callers});
  REQUIRE(removed);
  CHECK(removed->list == KeyList::callers);
  CHECK((removed->key == *key));
  CHECK(home.names() == Names{"alice@credentials", "bob@callers"});
  CHECK(home.store.remove({"alice", key->server_id}));
  CHECK(test::kind_of(home.store.remove({"alice", ""})) == "not_found");
  CHECK(home.names() == Names{"bob@callers"});
}

TEST_CASE("removing from a home without keys makes no files") {
  const Home home;
  CHECK(test::kind_of(home.store.remove({"alice", ""})) == "not_found");
  struct stat status {};
  CHECK(::stat(home.store.directory().c_str(), &status) != 0);
}

TEST_CASE("files and their directory are for their owner only") {
  const Home home;
  REQUIRE(home.store.create("alice"));
  REQUIRE(home.store.add(Key::random(Key::random_server_id(), "alice")));
  for (const auto& [name, mode] :
       {std::pair(".", 0700U), std::pair("callers", 0600U), std::pair("credentials", 0600U)}) {
    struct stat status {};
    REQUIRE(::stat(home.path(name).c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == mode);
  }
}

TEST_CASE("a file that others can read is refused by every call") {
  const Home home;
  REQUIRE(home.store.create("alice"));
  REQUIRE(::chmod(home.path("callers").c_str(), 0644) == 0);
  const auto refused = [&](const auto& result) {
    CHECK(test::kind_of(result) == "permission_denied");
    CHECK(result.error().hint() == "chmod 600 " + home.path("callers"));
  };
  refused(home.store.read());
  refused(home.store.create("bob"));
  refused(home.store.remove({"alice", ""}));
}

TEST_CASE("a bad file is refused with its path and line, and not changed") {
  const Home home;
  REQUIRE(home.store.create("alice"));
  const std::string cut = home.text("callers").substr(0, 100);
  home.write("callers", cut);
  const auto created = home.store.create("bob");
  CHECK(test::kind_of(created) == "invalid_argument");
  CHECK(created.error().message() ==
        "cannot read " + home.path("callers") + ":2: the file is cut off here");
  CHECK(home.text("callers") == cut);
  CHECK_FALSE(home.store.read());
  CHECK_FALSE(home.store.remove({"alice", ""}));
  home.write("credentials", "hello\n");
  CHECK_FALSE(home.store.add(Key::random(Key::random_server_id(), "alice")));
  CHECK(home.text("credentials") == "hello\n");
}

TEST_CASE("a list that cannot be written keeps its keys, and the call says so") {
  const Home home;
  const auto key = home.store.create("alice");
  REQUIRE(key);
  REQUIRE(home.store.add(*key));
  const Names before = home.names();
  // New content is written into these files first, and a directory is in their way.
  for (const char* each : {".callers.new", ".credentials.new"}) {
    REQUIRE(::mkdir(home.path(each).c_str(), 0700) == 0);
  }
  const auto refused = [&](const auto& result, const std::string& list) {
    REQUIRE_FALSE(result);
    CHECK(result.error().message().starts_with("cannot replace " + home.path(list) + ": "));
  };
  refused(home.store.create("bob"), "callers");
  refused(home.store.add(Key::random(key->server_id, "bob")), "credentials");
  refused(home.store.remove({"alice", "", KeyList::callers}), "callers");
  CHECK(home.names() == before);
}

TEST_CASE("a home that another program changes is waited for, and then given up") {
  const Home home;
  const auto key = home.store.create("alice");
  REQUIRE(key);
  auto other = engine::PrivateDirectory::open(home.store.directory());
  REQUIRE(other);
  REQUIRE(other->lock(std::chrono::milliseconds(0)));
  const KeyStore impatient(home.store.directory(), std::chrono::milliseconds(1));
  CHECK(test::kind_of(impatient.create("bob")) == "timed_out");
  CHECK(test::kind_of(impatient.add(*key)) == "timed_out");
  CHECK(test::kind_of(impatient.remove({"alice", ""})) == "timed_out");
  CHECK(impatient.read());
  CHECK(home.names() == Names{"alice@callers"});
  std::jthread waiting([&] { CHECK(home.store.create("carol")); });
  other = engine::PrivateDirectory::open(home.store.directory());
  waiting.join();
  CHECK(home.names() == Names{"alice@callers", "carol@callers"});
}

TEST_CASE("a directory that is not one is refused") {
  const Home home;
  std::ofstream(home.store.directory()) << "";
  CHECK(test::kind_of(home.store.read()) == "invalid_argument");
  CHECK(test::kind_of(home.store.create("alice")) == "invalid_argument");
  CHECK(test::kind_of(home.store.add(Key::random(Key::random_server_id(), "a"))) ==
        "invalid_argument");
  CHECK(test::kind_of(home.store.remove({"alice", ""})) == "invalid_argument");
}

TEST_CASE("a full list takes no more keys") {
  const Home home;
  REQUIRE(home.store.create("alice"));
  const std::string id = home.store.read()->front().key.server_id;
  std::string text = "hotline-keys-1 callers " + id + "\n";
  for (int i = 0; i < 10'000; ++i) {
    const Key key = Key::random(id, "n" + std::to_string(i));
    text += std::string(as_text(key.to_line().bytes())) + " 2026-11-27T02:20:53Z\n";
  }
  home.write("callers", text + "end 10000\n");
  CHECK(test::kind_of(home.store.create("bob")) == "resource_exhausted");
  CHECK(home.store.add(Key::random(id, "bob")));
  CHECK(home.store.remove({"n5000", ""}));
  CHECK(home.store.create("bob"));
}

TEST_CASE("a full list of credentials takes no more keys") {
  const Home home;
  const Key key = Key::random(Key::random_server_id(), "alice");
  REQUIRE(home.store.add(key));
  std::string text = "hotline-keys-1 credentials\n";
  for (int i = 0; i < 10'000; ++i) {
    const Key each = Key::random(key.server_id, "n" + std::to_string(i));
    text += std::string(as_text(each.to_line().bytes())) + " 2026-11-27T02:20:53Z\n";
  }
  home.write("credentials", text + "end 10000\n");
  CHECK(test::kind_of(home.store.add(key)) == "resource_exhausted");
  CHECK(home.store.create("bob"));
}

TEST_CASE("threads that make keys in one home at the same time lose none") {
  const Home home;
  const auto make_ten = [&](const std::string& prefix) {
    for (int i = 0; i < 10; ++i) discard(home.store.create(prefix + std::to_string(i)));
  };
  {
    std::vector<std::jthread> threads;
    for (const char* each : {"a", "b", "c"}) threads.emplace_back(make_ten, each);
  }
  CHECK(home.names().size() == 30);
}

TEST_CASE("a key is found among those that were read") {
  const Home home;
  REQUIRE(home.store.create("alice"));
  const auto records = home.store.read();
  CHECK(find_key(*records, {"alice", ""})->key.name == "alice");
  CHECK(test::kind_of(find_key(*records, {"bob", ""})) == "not_found");
}

}  // namespace hotline::key_store_test
