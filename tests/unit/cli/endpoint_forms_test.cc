#include "cli/endpoint_forms.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/net/endpoint.h"

namespace hotline::cli::endpoint_forms_test {

TEST_CASE("every form is one that is understood, and the library's own error names it") {
  const std::string named = Endpoint::parse("x").error().hint();
  for (const Definition& each : endpoint_forms()) {
    std::string uri = each.term;
    for (const auto& [word, value] : {std::pair{"HOST", "h"}, {"PORT", "1"}, {"NAME", "n"}}) {
      if (const auto at = uri.find(word); at != uri.npos) uri.replace(at, 4, value);
    }
    if (uri == "fd:N") uri = "fd:3";
    CAPTURE(uri);
    CHECK(Endpoint::parse(uri));
    CHECK(named.find(each.term.substr(0, each.term.find(':') + 1)) != std::string::npos);
  }
}

TEST_CASE("what completions propose begins one of the forms") {
  for (const std::string& prefix : call_prefixes()) {
    bool is_known = false;
    for (const Definition& each : endpoint_forms()) is_known |= each.term.starts_with(prefix);
    CAPTURE(prefix);
    CHECK(is_known);
  }
}

TEST_CASE("streams are proposed where only they fit, and no descriptor") {
  using Prefixes = std::vector<std::string>;
  CHECK(call_prefixes() ==
        Prefixes{"tcp://", "udp://", "unix:///", "unix:@", "unixgram:///", "unixgram:@", "tls://"});
  CHECK(stream_prefixes() == Prefixes{"tcp://", "unix:///", "unix:@", "tls://"});
  CHECK(endpoint_prefixes("unixgram") == Prefixes{"unixgram:///", "unixgram:@"});
  CHECK(endpoint_prefixes("fd").empty());
}

}  // namespace hotline::cli::endpoint_forms_test
