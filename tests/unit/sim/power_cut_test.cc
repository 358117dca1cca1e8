#include <chrono>
#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/directory.h"
#include "hotline/sim/world.h"

namespace hotline::sim::power_cut_test {

using std::chrono::seconds;

TEST_CASE("a power cut kills the programs and leaves what was synced, for the next program") {
  World world(1);
  bool has_survived = false;
  bool is_found = false;
  world.host("a").run([&] {
    Directory top = Directory::open("/").value();
    DiskFile file = top.create("kept", 0600).value();
    file.write_at(0, as_bytes("hello")).value();
    file.sync().value();
    top.sync().value();
    has_survived = sleep_for(seconds(9)).has_value();
  });
  world.at(seconds(2), [&] {
    world.host("a").cut_power();
    world.host("a").run([&] {
      DiskFile file = Directory::open("/").value().open_file("kept").value();
      std::string text(9, '?');
      text.resize(file.read_at(0, as_writable_bytes(text)).value());
      is_found = text == "hello";
    });
  });
  CHECK(world.run().to_string() == "");
  CHECK_FALSE(has_survived);
  CHECK(is_found);
}

}  // namespace hotline::sim::power_cut_test
