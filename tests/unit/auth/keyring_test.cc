#include "hotline/auth/keyring.h"

#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "hotline/auth/key_store.h"
#include "hotline/auth/psk_derivation.h"
#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::keyring_test {
namespace {

struct Home {
  test::TemporaryDirectory folder{};
  KeyStore store{folder.file("keys")};

  Keyring open() const {
    auto keyring = Keyring::open(store.directory());
    REQUIRE(keyring);
    return *keyring;
  }

  void spoil() const {
    const std::string path = store.directory() + "/callers";
    std::ofstream(path) << "hello\n";
    REQUIRE(::chmod(path.c_str(), 0600) == 0);
  }
};

}  // namespace

TEST_CASE("a caller of the home is accepted with the key that the caller derives") {
  const Home home;
  const auto key = home.store.create("alice");
  const Keyring keyring = home.open();
  CHECK(keyring.callers() == 1);
  const auto psk = keyring.accepted(psk_identity(key->server_id, "alice"));
  REQUIRE(psk);
  CHECK(psk->name == "alice");
  CHECK(psk->identity == psk_identity(key->server_id, "alice"));
  CHECK((psk->key == derive_psk(*key).key));
}

TEST_CASE("any other identity is unknown") {
  const Home home;
  const auto key = home.store.create("alice");
  const Keyring keyring = home.open();
  const std::string identity = psk_identity(key->server_id, "alice");
  for (const std::string& each :
       {std::string(), std::string("alice"), psk_identity(key->server_id, "bob"),
        psk_identity(Key::random_server_id(), "alice"), identity + " ", identity + '\0',
        identity.substr(1), std::string(1000, 'x'), "hotline2" + identity.substr(8)}) {
    CAPTURE(each);
    CHECK_FALSE(keyring.accepted(each));
  }
}

TEST_CASE("a credential of the home is not accepted from its callers") {
  const Home server;
  const Home caller;
  const auto key = server.store.create("alice");
  REQUIRE(caller.store.add(*key));
  REQUIRE(caller.store.create("bob"));
  const Keyring keyring = caller.open();
  const auto presented = keyring.credential("alice");
  REQUIRE(presented);
  CHECK_FALSE(keyring.accepted(presented->identity));
  CHECK(server.open().accepted(presented->identity)->key.size() == 32);
}

TEST_CASE("a key that the home has made is not presented by it") {
  const Home home;
  REQUIRE(home.store.create("alice"));
  CHECK(test::kind_of(home.open().credential("alice")) == "not_found");
}

TEST_CASE("a credential that is not there is not found, with a hint where to get one") {
  const Home home;
  const auto refused = home.open().credential("alice");
  CHECK(test::kind_of(refused) == "not_found");
  CHECK(refused.error().message() == "cannot find the key 'alice' in credentials: there is none");
  CHECK(refused.error().hint().contains("hotline key add"));
}

TEST_CASE("a name that two servers know needs the server, whose first digits suffice") {
  const Home home;
  std::string one(Key::kServerIdDigits, '1');
  std::string two(Key::kServerIdDigits, '2');
  REQUIRE(home.store.add(Key::random(one, "alice")));
  REQUIRE(home.store.add(Key::random(two, "alice")));
  const Keyring keyring = home.open();
  const auto refused = keyring.credential("alice");
  CHECK(test::kind_of(refused) == "invalid_argument");
  CHECK(refused.error().hint() == "choose the server: ?server= and 11111111 or 22222222");
  for (const std::string& each : {one, two}) {
    CHECK(keyring.credential("alice", each)->identity == psk_identity(each, "alice"));
    CHECK(keyring.credential("alice", each.substr(0, 1))->identity == psk_identity(each, "alice"));
  }
  CHECK(test::kind_of(keyring.credential("alice", "3")) == "not_found");
}

TEST_CASE("without a name the only credential is chosen") {
  const Home home;
  REQUIRE(home.store.add(Key::random(Key::random_server_id(), "alice")));
  CHECK(home.open().credential("")->name == "alice");
  REQUIRE(home.store.add(Key::random(Key::random_server_id(), "bob")));
  const auto refused = home.open().credential("");
  CHECK(test::kind_of(refused) == "invalid_argument");
  CHECK(refused.error().hint() == "name the key: tls://NAME@HOST:PORT");
}

TEST_CASE("a reload brings new keys and drops removed ones, in copies and lookups too") {
  const Home home;
  const auto alice = home.store.create("alice");
  const Keyring keyring = home.open();
  const Keyring copy = keyring;
  const PskLookup lookup = Keyring(keyring).lookup();
  const auto bob = home.store.create("bob");
  REQUIRE(home.store.remove({"alice", ""}));
  const std::string old_one = psk_identity(alice->server_id, "alice");
  const std::string new_one = psk_identity(bob->server_id, "bob");
  CHECK((lookup(old_one) && !lookup(new_one)));
  REQUIRE(keyring.reload());
  for (const auto& found : {keyring.accepted(old_one), copy.accepted(old_one), lookup(old_one)}) {
    CHECK_FALSE(found);
  }
  for (const auto& found : {keyring.accepted(new_one), copy.accepted(new_one), lookup(new_one)}) {
    CHECK(found);
  }
}

TEST_CASE("keys that were read again are in use only when they are put to use") {
  const Home home;
  const auto alice = home.store.create("alice");
  const Keyring keyring = home.open();
  REQUIRE(home.store.remove({"alice", ""}));
  const std::string identity = psk_identity(alice->server_id, "alice");
  const auto dropped = keyring.read_again();
  const auto read = keyring.read_again();
  REQUIRE((dropped && read));
  CHECK(keyring.accepted(identity));
  (*read)();
  CHECK_FALSE(keyring.accepted(identity));
  home.spoil();
  CHECK(test::kind_of(keyring.read_again()) == "invalid_argument");
}

TEST_CASE("a reload of bad files fails and keeps all keys") {
  const Home home;
  const auto alice = home.store.create("alice");
  REQUIRE(home.store.add(Key::random(Key::random_server_id(), "bob")));
  const Keyring keyring = home.open();
  REQUIRE(home.store.remove({"bob", ""}));
  home.spoil();
  CHECK(test::kind_of(keyring.reload()) == "invalid_argument");
  CHECK(keyring.accepted(psk_identity(alice->server_id, "alice")));
  CHECK(keyring.credential("bob"));
  CHECK(test::kind_of(Keyring::open(home.store.directory())) == "invalid_argument");
}

TEST_CASE("the names of the callers are known, not those of the credentials") {
  const Home home;
  REQUIRE(home.store.create("alice"));
  REQUIRE(home.store.create("bob"));
  REQUIRE(home.store.add(Key::random(Key::random_server_id(), "carol")));
  std::vector<std::string> names = home.open().caller_names();
  std::ranges::sort(names);
  CHECK(names == std::vector<std::string>{"alice", "bob"});
}

TEST_CASE("a keyring without files has no keys") {
  const Keyring keyring = Home().open();
  CHECK(keyring.caller_names().empty());
  CHECK(keyring.callers() == 0);
  CHECK_FALSE(keyring.accepted("hotline1:x:alice"));
}

TEST_CASE("a thousand keys are each found") {
  const Home home;
  const auto first = home.store.create("first");
  const std::string& id = first->server_id;
  std::string text = "hotline-keys-1 callers " + id + "\n";
  for (int i = 0; i < 1000; ++i) {
    const Key key = Key::random(id, "n" + std::to_string(i));
    text += std::string(as_text(key.to_line().bytes())) + " 2026-11-27T02:20:53Z\n";
  }
  std::ofstream(home.store.directory() + "/callers") << text + "end 1000\n";
  const Keyring keyring = home.open();
  CHECK(keyring.callers() == 1000);
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "n" + std::to_string(i);
    const auto found = keyring.accepted(psk_identity(id, name));
    REQUIRE(found);
    REQUIRE(found->name == name);
  }
}

TEST_CASE("threads look keys up while another one reloads them") {
  const Home home;
  const auto alice = home.store.create("alice");
  const Keyring keyring = home.open();
  const std::string identity = psk_identity(alice->server_id, "alice");
  std::atomic<int> missed = 0;
  {
    const auto look_up = [&, lookup = keyring.lookup()] {
      for (int i = 0; i < 500; ++i) missed += lookup(identity) ? 0 : 1;
    };
    const std::jthread one(look_up);
    const std::jthread other(look_up);
    for (int i = 0; i < 20; ++i) CHECK(keyring.reload());
  }
  CHECK(missed == 0);
}

}  // namespace hotline::keyring_test
