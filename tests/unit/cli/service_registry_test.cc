#include "cli/service_registry.h"

#include <doctest/doctest.h>

#include "hotline/net/endpoint.h"

namespace hotline::cli::service_registry_test {
namespace {

ServiceRegistry registry_of(const std::vector<std::string>& names) {
  std::vector<ServiceEntry> entries;
  for (const std::string& name : names) {
    entries.push_back({.name = name, .summary = ""});
  }
  return ServiceRegistry(std::move(entries));
}

}  // namespace

TEST_CASE("a service is found by its whole name") {
  const ServiceRegistry registry = registry_of({"clock", "upper"});
  const auto found = registry.find("upper");
  REQUIRE(found);
  CHECK(*found == &registry.entries()[1]);
  for (const std::string_view name : {"", "uppe", "uppers", "Upper", "upper "}) {
    CHECK_FALSE(registry.find(name));
  }
}

TEST_CASE("an unknown service is refused with the names of the known ones") {
  const auto found = registry_of({"clock", "upper", "ntp"}).find("uper\n");
  REQUIRE_FALSE(found);
  CHECK(found.error().kind == ErrorKind::invalid_argument);
  CHECK(found.error().message() == "there is no service 'uper\\n'");
  CHECK(found.error().hint() == "there are clock, upper and ntp; see 'hotline services'");
}

TEST_CASE("a name that is nearly right gets a proposal") {
  const auto found = registry_of({"upper"}).find("uper");
  REQUIRE_FALSE(found);
  CHECK(found.error().hint() ==
        "did you mean 'upper'? the only one is upper; see 'hotline services'");
}

TEST_CASE("every service of the program has a summary of one line and an example of its own") {
  const ServiceRegistry registry = make_service_registry();
  CHECK_FALSE(registry.entries().empty());
  for (const ServiceEntry& each : registry.entries()) {
    CAPTURE(each.name);
    CHECK_FALSE(each.summary.empty());
    CHECK(each.summary.find('\n') == std::string::npos);
    REQUIRE(each.example.starts_with(each.name + "="));
    CHECK(Endpoint::parse(each.example.substr(each.name.size() + 1)));
    CHECK_FALSE(each.transports.empty());
    CHECK(*registry.find(each.name) == &each);
  }
}

}  // namespace hotline::cli::service_registry_test
