#include "cli/wire_texts.h"

#include <doctest/doctest.h>

#include "hotline/services/command.h"

namespace hotline::cli::wire_texts_test {

TEST_CASE("every wire has its text") {
  const auto options = wire_options();
  REQUIRE(options.size() == command_wire_names().size());
  for (std::size_t i = 0; i < options.size(); ++i) {
    CHECK(options[i].term == "wire=" + std::string(command_wire_names()[i].name));
    CHECK_FALSE(options[i].text.empty());
  }
}

TEST_CASE("the options that help lists are those that the service takes") {
  for (const Definition& each : server_wire_options()) {
    // The program itself takes this one.
    if (each.term.starts_with("audit=")) continue;
    std::string option = each.term;
    for (const auto& [word, value] : {std::pair{"=BYTES", "=1KiB"},
                                      {"=TIME", "=1s"},
                                      {"=/PATH", "=/"},
                                      {"=LIST", "=TZ"},
                                      {"=N", "=5"}}) {
      if (const auto at = option.find(word); at != option.npos) option.replace(at, 9, value);
    }
    CAPTURE(option);
    const auto endpoint = Endpoint::parse("tcp://h:1?" + option);
    REQUIRE(endpoint);
    OptionTaker taker(*endpoint);
    CHECK(CommandOptions::take_from(taker, {}));
    CHECK(taker.finish());
  }
}

}  // namespace hotline::cli::wire_texts_test
